import type { FieldPath } from "./origin.ts";

/**
 * What is wrong with one value, before anybody asks where in a file that is.
 *
 * It becomes a {@link Finding} when the document's positions are known. `path` leads to the value that is wrong, or to
 * the object in which a field is missing.
 */
export interface Mistake {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly path: FieldPath;
  /** The field's name is what is wrong, rather than its value. */
  readonly atKey?: true;
  readonly message: string;
  readonly remedy?: string;
}

export function mistake(code: string, path: FieldPath, message: string, remedy?: string): Mistake {
  return { severity: "error", code, path, message, ...(remedy !== undefined && { remedy }) };
}

export function warning(code: string, path: FieldPath, message: string, remedy?: string): Mistake {
  return { ...mistake(code, path, message, remedy), severity: "warning" };
}

export function isError(finding: { readonly severity: "error" | "warning" }): boolean {
  return finding.severity === "error";
}
