import type { Namespace } from "../resources/generated/core.ts";
import type { LabelSelector } from "../resources/generated/meta.ts";

/** Which namespaces' routes a listener accepts. */
export interface AllowedNamespaces {
  readonly from: "All" | "Same" | "Selector" | "None";
  readonly selector?: LabelSelector;
}

/**
 * Labels that Kubernetes gives every namespace are there even where the Namespace object is not: a folder of files need
 * not spell out its namespaces.
 */
export function namespaceLabels(name: string, namespace: Namespace | undefined): Readonly<Record<string, string>> {
  return { ...namespace?.metadata.labels, "kubernetes.io/metadata.name": name };
}

/** Why routes of `namespace` may not attach to a listener in `ownNamespace`, or ListenerSets to a Gateway; undefined if they may. */
export function refuseNamespace(
  allowed: AllowedNamespaces,
  ownNamespace: string,
  namespace: string,
  labels: () => Readonly<Record<string, string>>,
  what: "route" | "ListenerSet" = "route",
): string | undefined {
  switch (allowed.from) {
    case "All":
      return undefined;
    case "None":
      return `it accepts ${what}s from no namespace`;
    case "Same":
      return namespace === ownNamespace
        ? undefined
        : `it accepts ${what}s from its own namespace ${ownNamespace} only, and the ${what} is in ${namespace}`;
    case "Selector": {
      const unmet = unmetRequirement(allowed.selector ?? {}, labels());
      return unmet === undefined
        ? undefined
        : `it accepts ${what}s from namespaces with ${unmet}, and namespace ${namespace} is not such a one (the selector reads the labels of the namespace, not the ${what}'s)`;
    }
  }
}

/** The first requirement of a label selector that `labels` do not meet, in kubectl's notation. An empty selector matches everything. */
export function unmetRequirement(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[name] !== value) return `${name}=${value}`;
  }
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const value = labels[key];
    const list = `(${values.join(",")})`;
    if (operator === "In" && (value === undefined || !values.includes(value))) return `${key} in ${list}`;
    if (operator === "NotIn" && value !== undefined && values.includes(value)) return `${key} notin ${list}`;
    if (operator === "Exists" && value === undefined) return key;
    if (operator === "DoesNotExist" && value !== undefined) return `!${key}`;
  }
  return undefined;
}
