import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

/** Resources are small; a file beyond this is something else. */
export const largestFile = 64 * 1024 * 1024;

export type TextReading =
  | { readonly kind: "text"; readonly text: string }
  /** It was written to while it was read. */
  | { readonly kind: "unstable" }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Reads a file as it is at one moment.
 *
 * Synchronous on purpose: a local file of a few kilobytes takes some 20 µs this way, a fifth of the way through the
 * thread pool, and no event of ours comes in between.
 */
export function readText(path: string): TextReading {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const before = fstatSync(file);
    if (before.size > largestFile) {
      return { kind: "failed", error: new Error(`it is larger than ${largestFile / 1024 / 1024} MiB`) };
    }
    const text = readFileSync(file, "utf8");
    const after = fstatSync(file);
    const stable = before.mtimeMs === after.mtimeMs && before.size === after.size;
    return stable ? { kind: "text", text: text.replace(/^\uFEFF/, "") } : { kind: "unstable" };
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    return absent ? { kind: "absent" } : { kind: "failed", error };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
