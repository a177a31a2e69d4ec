import { edits } from "../resources/suggest.ts";

/**
 * The name that was probably meant: the only one that a slip or two of the pen leads to. Names that differ in a number, or
 * that begin with each other, tell things apart on purpose.
 *
 * @example nearName("crat", ["cart", "orders"])  // "cart"
 * @example nearName("cart-v1", ["cart-v2"])  // undefined
 */
export function nearName(name: string, names: Iterable<string>): string | undefined {
  const limit = name.length < 4 ? 0 : Math.floor(name.length / 4);
  const near = [...new Set(names)].filter(
    (other) =>
      numbersIn(other) === numbersIn(name) &&
      !other.startsWith(name) &&
      !name.startsWith(other) &&
      edits(name, other, limit) <= limit,
  );
  return near.length === 1 ? near[0] : undefined;
}

function numbersIn(name: string): string {
  return (name.match(/\d+/g) ?? []).join(" ");
}
