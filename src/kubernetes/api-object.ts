import type { Kind } from "../resources/kinds.ts";
import type { KubernetesObject, ObjectMeta } from "../resources/object.ts";

/** Metadata as an API server sends it. */
export interface ApiObjectMeta extends ObjectMeta {
  readonly [field: string]: unknown;
}

/** An object as an API server sends and takes it: nothing is known of its fields. */
export interface ApiObject extends KubernetesObject {
  readonly metadata: ApiObjectMeta;
  readonly [field: string]: unknown;
}

/** A kind in one version, as URLs name it. */
export interface ApiResource {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Which object of a resource. `namespace` is absent for cluster-scoped ones. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** @example resourceOf(kind, "v1") */
export function resourceOf({ group, kind, plural, namespaced }: Kind, version: string): ApiResource {
  return { group, version, kind, plural, namespaced };
}

/**
 * Path of a collection, or of one object, or of its subresource.
 *
 * @example pathOf(httpRoutes, { namespace: "shop" })  // "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes"
 */
export function pathOf(
  { group, version, plural }: ApiResource,
  { namespace, name, subresource }: { namespace?: string | undefined; name?: string; subresource?: string } = {},
): string {
  const steps = [
    ...(group === "" ? ["api"] : ["apis", group]),
    version,
    ...(namespace === undefined ? [] : ["namespaces", namespace]),
    plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${steps.map(encodeURIComponent).join("/")}`;
}
