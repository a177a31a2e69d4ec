import type { Secret } from "../generated/core.ts";
import { type Mistake, mistake } from "../mistake.ts";

/** Values of a Secret's `data` that are no base64. */
export function checkSecretData({ data = {} }: Secret): readonly Mistake[] {
  return Object.entries(data).flatMap(([key, value]) => {
    const path = ["data", key];
    if (isBase64(value)) return [];
    return [
      mistake(
        "invalid-base64",
        path,
        `data.${key} is not base64.`,
        "Write plain text under stringData, or encode it: base64 -w0 FILE.",
      ),
    ];
  });
}

/** As Go decodes it: line breaks don't count, padding does. */
export function isBase64(value: string): boolean {
  const text = value.replaceAll(/[\r\n]/g, "");
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
