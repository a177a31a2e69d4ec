import type { Renaming } from "./collection.ts";

/** Keys stay as they are. */
export const asBefore: Renaming = { of: (key) => key, from: (key) => key };

/** @example prefixed("HTTPRoute/").of("shop/cart")  // "HTTPRoute/shop/cart" */
export function prefixed(prefix: string): Renaming {
  return {
    of: (key) => `${prefix}${key}`,
    from: (renamed) => (renamed.startsWith(prefix) ? renamed.slice(prefix.length) : undefined),
  };
}
