import type { HeaderModifier } from "../../ir/rule.ts";
import type { HTTPHeaderFilter } from "../../resources/generated/gateway-api.ts";

/** Gateway API, HTTPHeaderFilter. Undefined if it changes nothing. */
export function headerModifier(filter: HTTPHeaderFilter): HeaderModifier | undefined {
  const set = filter.set ?? [];
  const add = filter.add ?? [];
  const remove = filter.remove ?? [];
  if (set.length + add.length + remove.length === 0) return undefined;
  return { set: set.map(header), add: add.map(header), remove: remove.map((name) => name.toLowerCase()) };
}

function header({ name, value }: { readonly name: string; readonly value: string }): HeaderModifier["set"][number] {
  return { name: name.toLowerCase(), value };
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
