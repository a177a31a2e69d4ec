import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { ReferenceGrant } from "../resources/generated/gateway-api.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { gatewayGroup } from "./route-kind.ts";

/** Who refers: kind and namespace are all that a grant looks at. */
export type Referrer = Pick<ResourceReference, "group" | "kind"> & { readonly namespace: string };

/** Grants by the namespace that they open. */
export type GrantsByNamespace = Collection<readonly Member<ReferenceGrant>[]>;

/**
 * Whether `from` may refer to `to`.
 *
 * Gateway API, ReferenceGrant: inside a namespace always; across namespaces if a grant in the target's namespace lists
 * the referrer under `from` and the target under `to`, by name or for the whole kind.
 */
export function mayRefer(
  { fetch }: Reader,
  grants: GrantsByNamespace,
  from: Referrer,
  to: ResourceReference & { readonly namespace: string },
): boolean {
  if (from.namespace === to.namespace) return true;
  return (fetch(grants, to.namespace) ?? []).some(({ value }) => allows(value, from, to));
}

/** Whether a grant of the target's namespace is one that lets `from` refer to `to`. */
export function allows({ spec }: ReferenceGrant, from: Referrer, to: ResourceReference): boolean {
  return (
    spec.from.some(
      (entry) => entry.group === from.group && entry.kind === from.kind && entry.namespace === from.namespace,
    ) &&
    spec.to.some(
      (entry) =>
        entry.group === to.group && entry.kind === to.kind && (entry.name === undefined || entry.name === to.name),
    )
  );
}

/** The grant that is missing, in words that can be acted on. */
export function missingGrant(from: Referrer, to: ResourceReference & { readonly namespace: string }): string {
  return `${plural(from.kind)} of namespace ${from.namespace} may not refer to ${to.kind} ${to.namespace}/${to.name}: no ReferenceGrant in namespace ${to.namespace} allows it (spec.from: group "${from.group}", kind ${from.kind}, namespace ${from.namespace}; spec.to: group "${to.group}", kind ${to.kind}).`;
}

function plural(kind: string): string {
  return kind.endsWith("s") ? kind : `${kind.replace(/Policy$/, "Policie")}s`;
}

/** The object that would allow it. */
export function missingGrantReference(to: { readonly namespace: string }): ResourceReference {
  return { group: gatewayGroup, kind: "ReferenceGrant", namespace: to.namespace, name: "*" };
}
