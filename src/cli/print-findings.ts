import type { Paint } from "../graph/text.ts";
import type { Finding } from "../resources/finding.ts";
import type { FindingCode } from "../resources/finding-codes.ts";
import { formatPath, formatReference } from "../resources/origin.ts";

/** Where text goes: `process.stdout`, or a string in a test. */
export interface Output {
  write(text: string): unknown;
  /** Colours are used only on a terminal, and not where NO_COLOR is set (https://no-color.org). */
  readonly isTTY?: boolean;
}

/**
 * One finding as JSON. `line` and `column` count from 1. `resource` and `path` say the same place in the words of the
 * API: `path` is `spec.rules[0].backendRefs[1].weight`.
 */
export interface FindingJson {
  readonly severity: "error" | "warning";
  readonly code: FindingCode;
  readonly message: string;
  readonly remedy?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly resource?: {
    readonly group: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  };
  readonly path?: string;
  /** What `validate --fix` does about it: the text of a file from one place to another becomes `text`. */
  readonly fix?: readonly EditJson[];
}

export interface EditJson {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

/**
 * Findings for a person: where, how grave, which kind; then what is wrong, and what to do.
 *
 * @example
 *     shop/routes.yaml:14:15  error  unknown-field
 *       spec.rules[0].backendRefs[1].wieght is not a field of HTTPRoute.
 *       Did you mean "weight"?
 */
export function formatFindings(findings: readonly Finding[], colours: boolean): string {
  return findings.map((finding) => formatFinding(finding, colours)).join("\n");
}

export function printFindings(findings: readonly Finding[], output: Output): void {
  if (findings.length > 0) output.write(formatFindings(findings, usesColours(output)));
}

export function findingJson({ severity, code, message, remedy, origin, location, edits }: Finding): FindingJson {
  const path = origin === undefined ? "" : formatPath(origin.path);
  return {
    severity,
    code,
    message,
    ...(remedy !== undefined && { remedy }),
    ...location,
    ...(origin !== undefined && { resource: origin.resource }),
    ...(path !== "" && { path }),
    ...(edits !== undefined && {
      fix: edits.map(
        ({ file, start, end, text }): EditJson => ({
          file,
          ...start,
          endLine: end.line,
          endColumn: end.column,
          text,
        }),
      ),
    }),
  };
}

export function usesColours(output: Output): boolean {
  return output.isTTY === true && !process.env["NO_COLOR"];
}

/** Undefined where there are no colours. */
export function paintFor(output: Output): Paint | undefined {
  const paint = (style: keyof typeof styles) => (text: string) => `${styles[style]}${text}\u001b[0m`;
  return usesColours(output) ? { broken: paint("error"), warning: paint("warning"), strong: paint("bold") } : undefined;
}

function formatFinding(finding: Finding, colours: boolean): string {
  const { severity, code, message, remedy } = finding;
  const place = placeOf(finding);
  const paint = (style: keyof typeof styles, text: string) => (colours ? `${styles[style]}${text}\u001b[0m` : text);
  const head = [...(place === "" ? [] : [paint("bold", place)]), paint(severity, severity), paint("dim", code)];
  const body = [message, ...(remedy === undefined ? [] : [remedy])].flatMap((text) => text.split("\n"));
  return `${head.join("  ")}\n${body.map((line) => `  ${line}\n`).join("")}`;
}

function placeOf({ location, origin }: Finding): string {
  if (location !== undefined) return `${location.file}:${location.line}:${location.column}`;
  return origin === undefined ? "" : `${formatReference(origin.resource)} ${formatPath(origin.path)}`.trimEnd();
}

const styles = { bold: "\u001b[1m", dim: "\u001b[2m", error: "\u001b[31m", warning: "\u001b[33m" } as const;
