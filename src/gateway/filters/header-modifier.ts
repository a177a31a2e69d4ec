import type { Header, HeaderModifier } from "../../ir/rule.ts";
import type { HTTPHeaderFilter } from "../../resources/generated/gateway-api.ts";

/**
 * Gateway API, HTTPHeaderFilter. Undefined if it changes nothing.
 *
 * HTTPHeader.name: of several entries with one name, in whatever case, only the first counts. One name under both `set`
 * and `add` or `remove` is left open by the API: Envoy removes, then sets, then adds.
 */
export function headerModifier(filter: HTTPHeaderFilter): HeaderModifier | undefined {
  const set = headers(filter.set ?? []);
  const add = headers(filter.add ?? []);
  const remove = [...new Set((filter.remove ?? []).map((name) => name.toLowerCase()))];
  return set.length + add.length + remove.length === 0 ? undefined : { set, add, remove };
}

function headers(given: readonly Header[]): readonly Header[] {
  const byName = new Map<string, Header>();
  for (const { name, value } of given) {
    const canonical = name.toLowerCase();
    if (!byName.has(canonical)) byName.set(canonical, { name: canonical, value });
  }
  return [...byName.values()];
}

/** Two modifiers one after the other, as one. */
export function combine(
  first: HeaderModifier | undefined,
  second: HeaderModifier | undefined,
): HeaderModifier | undefined {
  if (first === undefined) return second;
  if (second === undefined) return first;
  return {
    set: [...first.set, ...second.set],
    add: [...first.add, ...second.add],
    remove: [...first.remove, ...second.remove],
  };
}
