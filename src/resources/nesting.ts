import type { Json } from "./schema.ts";

/** How deep values may be nested. No kind that is served needs a quarter of it, nor does any definition of one. */
export const mostLevels = 200;

/**
 * Whether values are nested deeper than anybody means them to be. What walks them may recurse: a value of some thousand levels,
 * which an API server takes, would else use up the stack of the whole process.
 *
 * @example isTooDeep([[[]]])  // false
 */
export function isTooDeep(value: Json, levels = mostLevels): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const part of Object.values(value)) if (isTooDeep(part, levels - 1)) return true;
  return false;
}

/** In words, for whoever wrote it. */
export const tooDeep = `Values are nested more than ${mostLevels} levels deep, and nothing here needs so many.`;
