import type { Reader } from "../collections/collection.ts";
import type { BackendObjectReference } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import type { AllowedReference, BackendContext, ResolvedBackend } from "./backend.ts";
import type { ListenerParentKind } from "./listener-parent.ts";
import { parametersGroup, parametersKind } from "./parameters-reference.ts";
import type { BackendKind } from "./policy-target.ts";
import { mayRefer, missingGrant, missingGrantReference } from "./reference-grant.ts";
import { resolveService } from "./resolve-service.ts";
import { resolveXBackend } from "./resolve-x-backend.ts";
import { experimentalGroup, gatewayGroup, isRouteKind, type RouteKind } from "./route-kind.ts";

/**
 * Finds the backend that a reference means. `spokenAs` is set where it is spoken to as routes of another kind would.
 *
 * Gateway API, BackendObjectReference: a backend of the route's namespace, or of another that grants it. What can't be resolved
 * says which rule refused it, and its share of traffic is refused.
 */
export function resolveBackend(
  reader: Reader,
  context: BackendContext,
  referrer: RouteKind | ListenerParentKind | "XTelemetryPolicy" | typeof parametersKind,
  routeNamespace: string,
  reference: BackendObjectReference,
  origin: Origin,
  spokenAs: RouteKind = isRouteKind(referrer) ? referrer : "HTTPRoute",
): ResolvedBackend {
  const refused: AllowedReference["refused"] = (reason, message, missing) => ({
    problem: { reason, message, origin, ...(missing === undefined ? {} : { missing }) },
  });
  const kind = backendKind(reference);
  if (kind === undefined) {
    return refused(
      "InvalidKind",
      `Traffic goes to Services and XBackends; ${reference.kind} of group "${reference.group}" is not a kind of backend that Gatewright knows.`,
    );
  }
  const namespace = reference.namespace ?? routeNamespace;
  const from = { group: groupOf(referrer), kind: referrer, namespace: routeNamespace };
  const to = { group: reference.group, kind, namespace, name: reference.name };
  if (!mayRefer(reader, context.grants, from, to))
    return refused("RefNotPermitted", missingGrant(from, to), missingGrantReference(to));
  const allowed: AllowedReference = { reference, key: `${namespace}/${reference.name}`, spokenAs, refused, origin };
  return kind === "Service" ? resolveService(reader, context, allowed) : resolveXBackend(reader, context, allowed);
}

function groupOf(referrer: string): string {
  if (referrer === parametersKind) return parametersGroup;
  return referrer === "XTelemetryPolicy" ? experimentalGroup : gatewayGroup;
}

function backendKind({ group, kind }: BackendObjectReference): BackendKind | undefined {
  if (group === "" && kind === "Service") return kind;
  return group === experimentalGroup && kind === "XBackend" ? kind : undefined;
}
