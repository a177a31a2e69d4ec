import type { Analysed } from "../analyse/analysed.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { formatPath, type Origin, type ResourceReference } from "../resources/origin.ts";
import { negativeConditions } from "../status/problems.ts";
import type { Reason } from "./topology.ts";

/** What a topology is made from: the objects with their meaning, what is said of them, and the status that they have. */
export interface World extends Analysed {
  readonly findings: readonly Finding[];
  /** `status` of an object, as it is shown to people. */
  readonly statusOf: (kind: string, key: string) => unknown;
  /** Kinds that are not here as a whole: what seems to be missing may be there. */
  readonly incomplete: ReadonlySet<string>;
}

/** @example idOf({ group: "", kind: "Service", namespace: "shop", name: "cart" })  // "Service/shop/cart" */
export function idOf({ kind, namespace, name }: ResourceReference): string {
  return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** @example nameOf({ group: "", kind: "Service", namespace: "shop", name: "cart" })  // "shop/cart" */
export function nameOf({ namespace, name }: ResourceReference): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Unique for every place in every object. */
export function placeKey({ resource, path }: Origin): string {
  return `${idOf(resource)} ${formatPath(path)}`;
}

/** A condition that says that something is wrong. Those of which True is the bad news leave the object in service. */
export interface StatusComplaint extends Reason {
  readonly serves: boolean;
}

/** What the `conditions` of something complain about. `Unknown` is about what has not happened yet. */
export function complaintsOf(holder: unknown): readonly StatusComplaint[] {
  return list(field(holder, "conditions")).flatMap((condition) => {
    const of = (name: string) => text(field(condition, name));
    const serves = negativeConditions.has(of("type"));
    return of("status") === (serves ? "True" : "False")
      ? [{ reason: of("reason"), message: of("message"), serves }]
      : [];
  });
}
