import { managedBy } from "../infrastructure/names.ts";
import type { ClusterAccess } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { type ApiObject, type ApiResource, resourceOf } from "../kubernetes/api-object.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import { findKind, splitApiVersion } from "../resources/kinds.ts";
import { type FactsOfKind, hasLabels, referenceOf, type Trial } from "./facts.ts";
import { inParallel } from "./in-parallel.ts";
import { serviceAccountOf, userOf } from "./read-permissions.ts";

/** Kinds of which the controller writes the status. */
const withStatus = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
  "BackendTLSPolicy",
];

const deployments: ApiResource = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  namespaced: true,
};

interface Attempt {
  readonly resource: ApiResource;
  readonly object: ApiObject;
  readonly subresource?: "status";
}

/**
 * Has the API server try what the controller writes, in the controller's name, and leave it undone: so webhooks and policies
 * that refuse it show, whoever they are. One object of each kind and namespace stands for the others.
 */
export async function tryWrites(
  client: KubernetesClient,
  controllers: readonly ApiObject[],
  kinds: ReadonlyMap<string, FactsOfKind>,
): Promise<{ readonly trials: readonly Trial[]; readonly unread: readonly string[] }> {
  const [controller] = controllers;
  const attempts = attemptsOf(kinds);
  if (controller === undefined || attempts.length === 0) return { trials: [], unread: [] };
  const user = userOf(controller.metadata.namespace ?? "", serviceAccountOf(controller));
  const unread = `Whether admission lets the controller write: you may not impersonate ${user}.`;
  const { headers } = await client.access.credential();
  // Whoever is impersonated already can't impersonate in turn.
  if (Object.keys(headers).some((name) => name.toLowerCase() === "impersonate-user")) {
    return { trials: [], unread: [unread] };
  }
  const asController = new KubernetesClient(impersonating(client.access, user));
  try {
    const outcomes = await inParallel(attempts, async ({ resource, object, subresource }) => {
      const what = referenceOf(object);
      const named = { what, ...(subresource !== undefined && { subresource }) };
      try {
        await asController.mergePatch(resource, object.metadata, {}, { dryRun: true, subresource });
        return named;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { ...named, error };
      }
    });
    const impersonation = outcomes.some((outcome) => "error" in outcome && isImpersonation(outcome.error));
    if (impersonation) return { trials: [], unread: [unread] };
    const trials = outcomes.map((outcome): Trial => {
      if (!("error" in outcome)) return outcome;
      const { error, ...named } = outcome;
      return isRefusal(error) ? { ...named, refusal: error.message } : named;
    });
    return { trials, unread: [] };
  } finally {
    asController.close();
  }
}

function attemptsOf(kinds: ReadonlyMap<string, FactsOfKind>): readonly Attempt[] {
  const statuses = withStatus.flatMap((kind) =>
    onePerNamespace(kinds.get(kind)?.objects ?? []).flatMap((object): readonly Attempt[] => {
      const { group, version } = splitApiVersion(object.apiVersion);
      const known = findKind(group, kind);
      return known === undefined ? [] : [{ resource: resourceOf(known, version), object, subresource: "status" }];
    }),
  );
  const proxies = onePerNamespace((kinds.get("Deployment")?.objects ?? []).filter((it) => hasLabels(it, managedBy)));
  return [...statuses, ...proxies.map((object): Attempt => ({ resource: deployments, object }))];
}

function onePerNamespace(objects: readonly ApiObject[]): readonly ApiObject[] {
  return [...new Map(objects.map((object) => [object.metadata.namespace ?? "", object])).values()];
}

/** Of the person who asks, not of the controller. */
function isImpersonation({ message }: ApiError): boolean {
  return /cannot impersonate/.test(message);
}

/**
 * Not a refusal: the object went meanwhile, a webhook that can't be tried without effect, or a right that is missing, which
 * is told by itself.
 */
function isRefusal({ reason, message }: ApiError): boolean {
  const elsewhere = /does not support dry run|cannot \w+ resource/.test(message);
  return !elsewhere && !["NotFound", "Conflict", "Unreachable", "TooManyRequests"].includes(reason);
}

/** The same cluster, in another's name. */
function impersonating(access: ClusterAccess, user: string): ClusterAccess {
  return {
    ...access,
    credential: async () => {
      const { headers, ...rest } = await access.credential();
      return { ...rest, headers: { ...headers, "impersonate-user": user } };
    },
    refused: () => access.refused(),
  };
}
