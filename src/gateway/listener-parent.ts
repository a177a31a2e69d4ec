import { keyOf, type ObjectMeta } from "../resources/object.ts";
import type { Seniority } from "./precedence.ts";
import type { Referrer } from "./reference-grant.ts";
import { gatewayGroup } from "./route-kind.ts";

/** What listeners stand in, and what routes name as their parent. */
export const listenerParentKinds = ["Gateway", "ListenerSet"] as const;

export type ListenerParentKind = (typeof listenerParentKinds)[number];

/** A Gateway or ListenerSet, by name. `key` is `namespace/name`. */
export interface ListenerParent extends Seniority {
  readonly kind: ListenerParentKind;
  readonly namespace: string;
}

export function listenerParent(kind: ListenerParentKind, object: { readonly metadata: ObjectMeta }): ListenerParent {
  const { namespace = "default", creationTimestamp } = object.metadata;
  return { kind, key: keyOf(object), created: creationTimestamp, namespace };
}

/** Who refers, where a Gateway or ListenerSet does. */
export function referrer({ kind, namespace }: Pick<ListenerParent, "kind" | "namespace">): Referrer {
  return { group: gatewayGroup, kind, namespace };
}

/** Unique over both kinds, whose objects may have equal names. */
export function parentKey({ kind, key }: Pick<ListenerParent, "kind" | "key">): string {
  return `${kind}/${key}`;
}

/** A reference to a parent of a listener or route, as the API writes it. */
interface Reference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** The Gateway or ListenerSet that a reference names; undefined for parents of other kinds. */
export function namedParent(
  { group, kind, namespace, name }: Reference,
  ownNamespace: string,
): Pick<ListenerParent, "kind" | "key"> | undefined {
  const known = listenerParentKinds.find((candidate) => candidate === kind);
  if (group !== gatewayGroup || known === undefined) return undefined;
  return { kind: known, key: `${namespace ?? ownNamespace}/${name}` };
}
