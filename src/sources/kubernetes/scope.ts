import type { Selection } from "../../kubernetes/client.ts";
import type { Kind } from "../../resources/kinds.ts";

/** Which part of a cluster is followed. */
export interface Scope {
  readonly namespaces?: readonly string[];
  readonly labelSelector?: string;
}

/** Secrets of these types hold nothing that a Gateway could use, and may be many and large. */
const foreignSecrets = [
  "bootstrap.kubernetes.io/token",
  "helm.sh/release.v1",
  "kubernetes.io/dockercfg",
  "kubernetes.io/dockerconfigjson",
  "kubernetes.io/service-account-token",
];

/**
 * What to ask the API server for, to get the objects of a kind in a scope: one selection, or one for each namespace.
 *
 * Labels choose among Gateways and routes. What they refer to is followed whatever its labels, and so are classes and
 * grants, which belong to others than their users.
 */
export function selectionsOf(kind: Kind, { namespaces, labelSelector }: Scope): readonly Selection[] {
  const chosen = kind.kind === "Gateway" || kind.kind === "ListenerSet" || kind.kind.endsWith("Route");
  const common: Selection = {
    ...(labelSelector !== undefined && chosen && { labelSelector }),
    ...(kind.group === "" &&
      kind.kind === "Secret" && { fieldSelector: foreignSecrets.map((it) => `type!=${it}`).join(",") }),
  };
  if (namespaces === undefined) return [common];
  if (kind.namespaced) return namespaces.map((namespace) => ({ ...common, namespace }));
  const isNamespace = kind.group === "" && kind.kind === "Namespace";
  return isNamespace ? namespaces.map((name) => ({ ...common, fieldSelector: `metadata.name=${name}` })) : [common];
}
