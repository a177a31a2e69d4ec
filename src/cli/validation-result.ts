import { counted } from "../resources/counted.ts";
import type { Finding } from "../resources/finding.ts";
import { ruleOf } from "../resources/finding-codes.ts";
import { isError } from "../resources/mistake.ts";
import { junit } from "./junit.ts";
import type { ValidationFormat } from "./outputs.ts";
import { type FindingJson, findingJson, formatFindings, type Output, usesColours } from "./print-findings.ts";
import { sarif } from "./sarif.ts";

/** What `validate` found, and in how much. */
export interface ValidationResult {
  readonly findings: readonly Finding[];
  readonly counts: { readonly files: number; readonly objects: number; readonly mended?: number };
  /** Names of the files that were read; none of a cluster. */
  readonly files: readonly string[];
  /** What was read, as the beginning of a sentence. */
  readonly read: string;
}

/** What `--output json` prints. Findings are in the order of the files, and of the lines in them. */
export interface ValidateJson {
  readonly findings: readonly FindingJson[];
  readonly files: number;
  readonly objects: number;
  /** Findings that `--fix` mended. */
  readonly mended?: number;
  readonly errors: number;
  readonly warnings: number;
}

/** The result as text for a person, or for a machine of some kind. */
export function formatResult(
  format: ValidationFormat,
  result: ValidationResult,
  strict: boolean,
  output: Output,
): string {
  switch (format) {
    case "text":
      return textOf(result, output);
    case "json":
      return lines(jsonOf(result));
    case "sarif":
      return lines(sarif(result.findings));
    case "junit":
      return junit(result, (finding) => fails(finding, strict));
  }
}

function lines(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function textOf({ findings, read }: ValidationResult, output: Output): string {
  const { errors, warnings } = graveness(findings);
  const outcome =
    findings.length === 0 ? "nothing to mend" : `${counted(errors, "error")}, ${counted(warnings, "warning")}`;
  const fixable = findings.filter(({ edits }) => edits !== undefined).length;
  const hint = fixable === 0 ? "" : ` --fix mends ${fixable === findings.length ? "all" : fixable}.`;
  const shown = findings.length > 0 ? `${formatFindings(findings, usesColours(output))}\n` : "";
  return `${shown}${read}; ${outcome}.${hint}\n`;
}

function jsonOf({ findings, counts }: ValidationResult): ValidateJson {
  return { findings: findings.map(findingJson), ...counts, ...graveness(findings) };
}

function graveness(findings: readonly Finding[]): { readonly errors: number; readonly warnings: number } {
  const errors = findings.filter(isError).length;
  return { errors, warnings: findings.length - errors };
}

/** Whether a finding makes a run fail. */
export function fails({ severity, code }: Pick<Finding, "severity" | "code">, strict: boolean): boolean {
  return severity === "error" || (strict && ruleOf(code).harmless !== true);
}
