import type { GRPCRoute, HTTPHeaderFilter, HTTPRoute } from "../generated/gateway-api.ts";
import { type Mistake, warning } from "../mistake.ts";
import { type FieldPath, formatPath } from "../origin.ts";

/**
 * Headers that one filter or match names twice. Names of headers know no case, which the schema's list keys can't see; the
 * specification lets the first one count.
 */
export function checkHeaders({ spec }: GRPCRoute | HTTPRoute): readonly Mistake[] {
  return (spec.rules ?? []).flatMap((rule, index) => {
    const path = ["spec", "rules", index];
    const backendRefs = rule.backendRefs ?? [];
    const matches: readonly Match[] = rule.matches ?? [];
    return [
      ...matches.flatMap(({ headers = [] }, match) =>
        duplicates(
          headers.map(({ name }) => name),
          (header) => [...path, "matches", match, "headers", header, "name"],
        ),
      ),
      ...inFilters(rule.filters ?? [], path),
      ...backendRefs.flatMap(({ filters = [] }, backend) => inFilters(filters, [...path, "backendRefs", backend])),
    ];
  });
}

interface Match {
  readonly headers?: readonly { readonly name: string }[];
}

interface Filter {
  readonly requestHeaderModifier?: HTTPHeaderFilter;
  readonly responseHeaderModifier?: HTTPHeaderFilter;
}

function inFilters(filters: readonly Filter[], path: FieldPath): readonly Mistake[] {
  return filters.flatMap((filter, index) =>
    (["requestHeaderModifier", "responseHeaderModifier"] as const).flatMap((field) =>
      inModifier(filter[field], [...path, "filters", index, field]),
    ),
  );
}

function inModifier(modifier: HTTPHeaderFilter | undefined, path: FieldPath): readonly Mistake[] {
  const { set = [], add = [], remove = [] } = modifier ?? {};
  const setNames = set.map(({ name }) => name);
  return [
    ...duplicates(setNames, (index) => [...path, "set", index, "name"]),
    ...duplicates(
      add.map(({ name }) => name),
      (index) => [...path, "add", index, "name"],
    ),
    ...remove.flatMap((name, index) => {
      const at = [...path, "remove", index];
      const message = `${formatPath(at)}: the same filter sets ${name} and removes it.`;
      return setNames.some((other) => isSame(other, name)) ? [warning("duplicate-header", at, message)] : [];
    }),
  ];
}

function duplicates(names: readonly string[], pathOf: (index: number) => FieldPath): readonly Mistake[] {
  return names.flatMap((name, index) => {
    const first = names.findIndex((other) => isSame(other, name));
    if (first === index) return [];
    const message = `${formatPath(pathOf(index))}: ${name} is the same header as ${names[first]}, which is the one that counts.`;
    const fix = { kind: "remove", path: pathOf(index).slice(0, -1) } as const;
    return [warning("duplicate-header", pathOf(index), message, "Remove one of the two.", [fix])];
  });
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
