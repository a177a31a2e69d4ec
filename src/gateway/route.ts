import type { Renaming } from "../collections/collection.ts";
import { prefixed } from "../collections/renaming.ts";
import type { ParentReference } from "../resources/generated/gateway-api.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { shared } from "../strings/shared.ts";
import type { Seniority } from "./precedence.ts";
import { gatewayGroup, type RouteKind } from "./route-kind.ts";

/** The part of a route of any kind that decides where it attaches. */
export interface Route {
  readonly kind: RouteKind;
  /** `Kind/namespace/name`: unique over all kinds. */
  readonly key: string;
  readonly reference: ResourceReference & { readonly namespace: string };
  readonly seniority: Seniority;
  readonly parentRefs: readonly ParentReference[];
  readonly hostnames: readonly string[] | undefined;
  /** Whether it also attaches to every Gateway that is a default one. */
  readonly usesDefaultGateways?: true;
}

interface RouteObject extends KubernetesObject {
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    readonly useDefaultGateways?: "All" | "None";
  };
}

export function routeOf(kind: RouteKind, key: string, object: RouteObject): Route {
  const namespace = object.metadata.namespace ?? "default";
  return {
    kind,
    key: routeKey(kind, key),
    reference: { group: gatewayGroup, kind, namespace, name: object.metadata.name },
    seniority: { created: object.metadata.creationTimestamp, key },
    parentRefs: object.spec.parentRefs ?? [],
    hostnames: object.spec.hostnames,
    ...(object.spec.useDefaultGateways === "All" ? { usesDefaultGateways: true } : {}),
  };
}

export function routeKey(kind: RouteKind, key: string): string {
  return shared(`${kind}/${key}`);
}

/** {@link routeKey} for keys of routes of a kind. */
export function asRoutes(kind: RouteKind): { readonly renamed: Renaming } {
  return { renamed: prefixed(`${kind}/`) };
}
