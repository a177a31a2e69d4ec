import { createHash } from "node:crypto";

/** A name for what a node of the IR says, wherever it comes from: two nodes that say the same have one. */
export function contentId(node: object): string {
  const text = JSON.stringify(node, (key, value: unknown) => {
    if (key === "origin" || key === "origins") return undefined;
    return isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
  return createHash("sha256").update(text).digest("base64url");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
