/**
 * How much of two lists is the same at their start, and how much of the rest at their end. What one edit changed of a long
 * list is in between.
 *
 * @example commonEnds(["a", "b", "c"], ["a", "x", "y", "c"])  // { start: 1, end: 1 }
 */
export function commonEnds<Before, After>(
  before: readonly Before[],
  after: readonly After[],
  same: (before: Before, after: After) => boolean,
): { readonly start: number; readonly end: number } {
  const shorter = Math.min(before.length, after.length);
  const areSame = (left: number, right: number): boolean => {
    const one = before[left];
    const other = after[right];
    return one !== undefined && other !== undefined && same(one, other);
  };
  let start = 0;
  while (start < shorter && areSame(start, start)) start++;
  let end = 0;
  while (end < shorter - start && areSame(before.length - 1 - end, after.length - 1 - end)) end++;
  return { start, end };
}
