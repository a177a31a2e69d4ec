import type { FindingCode } from "./finding-codes.ts";
import type { Change } from "./fix.ts";
import type { FieldPath } from "./origin.ts";

/**
 * What is wrong with one value, before anybody asks where in a file that is.
 *
 * It becomes a {@link Finding} when the document's positions are known. `path` leads to the value that is wrong, or to
 * the object in which a field is missing.
 */
export interface Mistake {
  readonly severity: "error" | "warning";
  readonly code: FindingCode;
  readonly path: FieldPath;
  /** The field's name is what is wrong, rather than its value. */
  readonly atKey?: true;
  readonly message: string;
  readonly remedy?: string;
  /** What mends it, where that is clear. */
  readonly fix?: readonly Change[];
}

export function mistake(
  code: FindingCode,
  path: FieldPath,
  message: string,
  remedy?: string,
  fix: readonly Change[] = [],
): Mistake {
  return {
    severity: "error",
    code,
    path,
    message,
    ...(remedy !== undefined && { remedy }),
    ...(fix.length > 0 && { fix }),
  };
}

export function warning(...given: Parameters<typeof mistake>): Mistake {
  return { ...mistake(...given), severity: "warning" };
}

export function isError(finding: { readonly severity: "error" | "warning" }): boolean {
  return finding.severity === "error";
}
