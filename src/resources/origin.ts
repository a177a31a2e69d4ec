/** Names one object the way Kubernetes does. `namespace` is absent for cluster-scoped kinds; `group` is "" for the core group. */
export interface ResourceReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** Steps from the root of an object to one of its fields: `["spec", "rules", 0, "backendRefs"]`. */
export type FieldPath = readonly (string | number)[];

/**
 * Where something comes from: an object, and the field in it.
 *
 * Everything that is derived keeps its origin, so that errors, status, `explain` and a NACK from Envoy all speak of the
 * same place. File, line and column are looked up from it only when somebody reads them.
 */
export interface Origin {
  readonly resource: ResourceReference;
  readonly path: FieldPath;
}

/** A place in a file. `line` and `column` count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** @example formatPath(["spec", "rules", 0, "name"])  // "spec.rules[0].name" */
export function formatPath(path: FieldPath): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}

/** @example formatReference({ group: "", kind: "Service", namespace: "shop", name: "cart" })  // "Service shop/cart" */
export function formatReference(reference: ResourceReference): string {
  return reference.namespace === undefined
    ? `${reference.kind} ${reference.name}`
    : `${reference.kind} ${reference.namespace}/${reference.name}`;
}
