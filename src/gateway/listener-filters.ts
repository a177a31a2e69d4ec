import type { Reader } from "../collections/collection.ts";
import { maximalAuthorizations } from "../ir/host-table.ts";
import type { ExternalAuth } from "../ir/rule.ts";
import type { ListenerEntry, ListenerFilter } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type BackendContext, type BackendTarget, clusterName, isShownCertificate } from "./backend.ts";
import { type Condition, isFalse } from "./condition.ts";
import { externalAuth } from "./filters/external-auth.ts";
import type { ListenerParent } from "./listener-parent.ts";
import type { PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import { resolveBackend } from "./resolve-backend.ts";

/** Who is asked about every request of a listener, before a rule is looked for. */
export interface ListenerGuard {
  readonly authorizations: readonly ExternalAuth[];
  readonly targets: readonly BackendTarget[];
  /** Every backend that is named. */
  readonly uses: readonly PolicyTarget[];
  /** One of those that should be asked can't be: every request is answered with 500. */
  readonly closed: boolean;
}

/** A listener's filters, and what was found on the way. */
export interface ListenerFilters {
  readonly guard?: ListenerGuard;
  /**
   * Why the listener is not accepted. It is closed, not absent: the requests of its hostname may not fall to a listener that
   * asks nobody.
   */
  readonly refused?: Condition;
  readonly problems: readonly Problem[];
}

type Listener = Pick<ListenerEntry, "filters">;

/**
 * GEP-5224, Listener.filters.requests: an entry of a type that can't be done, or one too many, makes the listener
 * unsupported, for none may be left out.
 */
function refuseFilters(requests: readonly ListenerFilter[]): Condition | undefined {
  const index = requests.findIndex(({ type }) => type !== "ExternalAuth");
  const filter = requests[index];
  if (requests.length > maximalAuthorizations) {
    const message = `filters.requests[${maximalAuthorizations}]: Gatewright runs ${maximalAuthorizations} filters of a listener at the most, so its requests are answered with 500.`;
    return isFalse("Accepted", "UnsupportedValue", message);
  }
  if (filter === undefined) return undefined;
  const { kind = "", name = "", group = "" } = filter.extensionRef ?? {};
  return isFalse(
    "Accepted",
    "UnsupportedValue",
    `filters.requests[${index}]: filter ${filter.type} names ${kind} ${name} of group "${group}", a kind that Gatewright does not know, so its requests are answered with 500.`,
  );
}

/** "Used when an […] ExtensionRef in filters.requests refers to a resource that […] has an unsupported group/kind". */
function unknownExtensions(requests: readonly ListenerFilter[], origin: Origin): readonly Problem[] {
  return requests.flatMap(({ extensionRef }, index) => {
    if (extensionRef === undefined) return [];
    const { group, kind, name } = extensionRef;
    const message = `filters.requests[${index}]: Gatewright knows no kind ${kind} of group "${group}", so ${kind} ${name} can't be used.`;
    return [
      {
        reason: "InvalidListenerFilterRef",
        message,
        origin: { ...origin, path: [...origin.path, "filters", "requests", index, "extensionRef"] },
      },
    ];
  });
}

/**
 * The authorizations of a listener, in their order. A reference that can't be used is InvalidListenerFilterRef, or
 * RefNotPermitted without a ReferenceGrant for the Gateway or ListenerSet.
 */
export function listenerFilters(
  { filters }: Listener,
  parent: ListenerParent,
  reader: Reader,
  context: BackendContext,
  origin: Origin,
): ListenerFilters {
  const requests = filters?.requests ?? [];
  if (requests.length === 0) return { problems: [] };
  const refused = refuseFilters(requests);
  if (refused !== undefined)
    return {
      guard: { authorizations: [], targets: [], uses: [], closed: true },
      refused,
      problems: unknownExtensions(requests, origin),
    };
  const resolved = requests.map((filter, index) => authorization(filter, index, parent, reader, context, origin));
  return {
    guard: {
      authorizations: resolved.flatMap(({ auth }) => auth ?? []),
      targets: resolved.flatMap(({ target }) => target ?? []),
      uses: resolved.flatMap(({ use }) => use ?? []),
      closed: resolved.some(({ auth }) => auth === undefined),
    },
    problems: resolved.flatMap(({ problem }) => problem ?? []),
  };
}

/** The guard of a Gateway that shows its backends a certificate: those that are asked over TLS see it, too. */
export function guardShowing(guard: ListenerGuard, clientCertificate: string | undefined): ListenerGuard {
  if (clientCertificate === undefined) return guard;
  const names = new Map(
    guard.targets
      .filter(isShownCertificate)
      .map((target) => [clusterName(target), clusterName(target, clientCertificate)]),
  );
  const authorizations = guard.authorizations.map((auth) => ({
    ...auth,
    cluster: names.get(auth.cluster) ?? auth.cluster,
  }));
  return { ...guard, authorizations };
}

interface Authorization {
  readonly auth?: ExternalAuth;
  readonly target?: BackendTarget;
  readonly use?: PolicyTarget;
  readonly problem?: Problem;
}

function authorization(
  { externalAuth: filter }: ListenerFilter,
  index: number,
  parent: ListenerParent,
  reader: Reader,
  context: BackendContext,
  origin: Origin,
): Authorization {
  if (filter === undefined) return {};
  const here: Origin = { ...origin, path: [...origin.path, "filters", "requests", index] };
  const spokenAs = filter.protocol === "GRPC" ? "GRPCRoute" : "HTTPRoute";
  const { target, problem, use } = resolveBackend(
    reader,
    context,
    parent.kind,
    parent.namespace,
    filter.backendRef,
    here,
    spokenAs,
  );
  const used = use === undefined ? {} : { use };
  if (target !== undefined) return { auth: externalAuth(filter, clusterName(target), here), target, ...used };
  const reason = problem.reason === "RefNotPermitted" ? problem.reason : "InvalidListenerFilterRef";
  return { ...used, problem: { ...problem, reason, message: `filters.requests[${index}]: ${problem.message}` } };
}
