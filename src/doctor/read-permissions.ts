import { isReason } from "../kubernetes/api-error.ts";
import type { ApiObject, ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { field, text } from "../resources/field.ts";
import { inParallel } from "./in-parallel.ts";
import { watchedNamespaces } from "./installation.ts";
import { type Permission, type Right, rights } from "./rights.ts";

const reviews: ApiResource = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  namespaced: false,
};

/** Asks the API server's own authorizer whether controllers may do what they have to. */
export async function readPermissions(
  client: Pick<KubernetesClient, "create">,
  controllers: readonly ApiObject[],
): Promise<{ readonly answers?: readonly Permission[]; readonly unread: readonly string[] }> {
  const questions = controllers.flatMap((controller) => {
    const { namespace = "" } = controller.metadata;
    const serviceAccount = serviceAccountOf(controller);
    const served = watchedNamespaces(controller);
    return rights.flatMap((right) =>
      scopesOf(right, namespace, served).map((scope) => ({ namespace, serviceAccount, right, scope })),
    );
  });
  try {
    const answers = await inParallel(questions, async ({ namespace, serviceAccount, right, scope }) => ({
      namespace,
      serviceAccount,
      right,
      allowed: await isAllowed(client, namespace, serviceAccount, right, scope),
    }));
    return { answers, unread: [] };
  } catch (error) {
    if (!isReason(error, "Forbidden")) throw error;
    return { unread: ["What the controller may do: you may not create subjectaccessreviews.authorization.k8s.io."] };
  }
}

/** @returns "default" where none is named, as Kubernetes does */
export function serviceAccountOf(controller: ApiObject): string {
  return text(field(controller, "spec", "template", "spec", "serviceAccountName")) || "default";
}

/** Namespaces in which a right is needed; undefined is everywhere. */
function scopesOf(
  { scope }: Right,
  namespace: string,
  served: readonly string[] | undefined,
): readonly (string | undefined)[] {
  if (scope === "own") return [namespace];
  return scope === "cluster" || served === undefined ? [undefined] : served;
}

async function isAllowed(
  client: Pick<KubernetesClient, "create">,
  namespace: string,
  serviceAccount: string,
  { group, resource, subresource, name, verb }: Right,
  scope: string | undefined,
): Promise<boolean> {
  const review = await client.create(reviews, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata: { name: "" },
    spec: {
      user: userOf(namespace, serviceAccount),
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      resourceAttributes: {
        group,
        resource,
        verb,
        ...(subresource !== undefined && { subresource }),
        ...(name !== undefined && { name }),
        ...(scope !== undefined && { namespace: scope }),
      },
    },
  });
  return field(review, "status", "allowed") === true;
}

/** @example "system:serviceaccount:gatewright-system:gatewright" */
export function userOf(namespace: string, serviceAccount: string): string {
  return `system:serviceaccount:${namespace}:${serviceAccount}`;
}
