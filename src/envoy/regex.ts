/** Text that a RE2 expression matches literally. */
export function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/**
 * A RE2 expression that matches every lower-case header name but these, and no pseudo-header; RE2 has no negation.
 *
 * @example noneOf(["te"])  // "(?:[^t:].*|t(?:[^e].*|e.+)?)"
 */
export function noneOf(names: readonly string[]): string {
  return diverging(names, ":");
}

/** What stands where the rest of none of the names does; something always does at the end of one. */
function diverging(rests: readonly string[], never = ""): string {
  const heads = [...new Set(rests.map((rest) => rest.charAt(0)).filter((head) => head !== ""))];
  if (heads.length === 0) return ".+";
  const other = `[^${heads.map((head) => (head === "-" ? "\\-" : head)).join("")}${never}].*`;
  const longer = heads.map(
    (head) => head + diverging(rests.filter((rest) => rest.startsWith(head)).map((rest) => rest.slice(1))),
  );
  return `(?:${[other, ...longer].join("|")})${never !== "" || rests.includes("") ? "" : "?"}`;
}
