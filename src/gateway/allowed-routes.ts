import type { Namespace } from "../resources/generated/core.ts";
import type { LabelSelector } from "../resources/generated/meta.ts";
import type { FieldPath } from "../resources/origin.ts";
import { ifSet, type UnenforcedField } from "./not-enforced.ts";

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

/** A selector where it is not asked. */
export function idleSelector(
  namespaces: { readonly from?: AllowedNamespaces["from"]; readonly selector?: LabelSelector } | undefined,
  path: FieldPath,
): readonly UnenforcedField[] {
  const from = namespaces?.from ?? "Same";
  if (from === "Selector") return [];
  return ifSet(
    namespaces?.selector,
    [...path, "selector"],
    `It is asked only with from: Selector, and from is ${from}.`,
  );
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
      if (allowed.selector === undefined) {
        return `it accepts ${what}s from namespaces that its selector selects, and it has no selector`;
      }
      const unmet = unmetRequirement(allowed.selector, labels());
      return unmet === undefined
        ? undefined
        : `it accepts ${what}s from namespaces with ${unmet}, and namespace ${namespace} is not such a one (the selector reads the labels of the namespace, not the ${what}'s)`;
    }
  }
}

/**
 * The first requirement of a label selector that `labels` do not meet, in kubectl's notation. An empty selector matches
 * everything, an absent one nothing. What Kubernetes calls an invalid requirement is met by nobody: the schema lets it
 * through, and no namespace may get in by a mistake.
 */
export function unmetRequirement(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels[name] !== value) return `${name}=${value}`;
  }
  for (const requirement of selector.matchExpressions ?? []) {
    const unmet = unmetExpression(requirement, labels);
    if (unmet !== undefined) return unmet;
  }
  return undefined;
}

function unmetExpression(
  { key, operator, values = [] }: NonNullable<LabelSelector["matchExpressions"]>[number],
  labels: Readonly<Record<string, string>>,
): string | undefined {
  const value = labels[key];
  const list = `(${values.join(",")})`;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value) ? undefined : `${key} in ${list}`;
    case "NotIn":
      if (values.length === 0) return `${key} notin (), which is invalid without values`;
      return value !== undefined && values.includes(value) ? `${key} notin ${list}` : undefined;
    case "Exists":
      if (values.length > 0) return `${key} ${operator} ${list}, which is invalid with values`;
      return value === undefined ? key : undefined;
    case "DoesNotExist":
      if (values.length > 0) return `${key} ${operator} ${list}, which is invalid with values`;
      return value === undefined ? undefined : `!${key}`;
    default:
      return `${key} ${operator} ${list}, which is no requirement that Kubernetes knows`;
  }
}
