import type { Diagnosis, Outcome } from "../doctor/diagnose.ts";
import { counted } from "../resources/counted.ts";
import { isError } from "../resources/mistake.ts";
import { type FindingJson, findingJson, formatFindings, type Output, usesColours } from "./print-findings.ts";

/** What `doctor --output json` prints. */
export interface DiagnosisJson {
  readonly findings: readonly (FindingJson & { readonly check: string })[];
  readonly checks: readonly {
    readonly name: string;
    /** `not-looked`: something that it needs may not be read. */
    readonly outcome: "ok" | "problems" | "not-looked";
    readonly seen: string;
  }[];
  /** What could not be looked at, in words. */
  readonly unread: readonly string[];
  readonly errors: number;
  readonly warnings: number;
}

/** Name of what `validate` would find, too. */
const written = "What is written";

/** So many findings of what is written are shown; `validate` shows all. */
const mostWritten = 20;

export function diagnosisJson(diagnosis: Diagnosis): DiagnosisJson {
  const outcomes = withWritten(diagnosis);
  const findings = outcomes.flatMap(({ name, findings: found }) =>
    found.map((finding) => ({ check: name, ...findingJson(finding) })),
  );
  return {
    findings,
    checks: outcomes.map((outcome) => ({ name: outcome.name, outcome: stateOf(outcome), seen: outcome.seen })),
    unread: diagnosis.unread,
    ...graveness(diagnosis),
  };
}

/**
 * For a person: a line for each thing that was looked at, then what is wrong and what to do.
 *
 * @example
 *     ✓ Controller        gatewright-system/gatewright, 2 of 2 ready; leader gatewright-x7k2p
 *     ✗ Addresses         10.0.0.7
 *
 *     Gateway shop/edge status.addresses  error  address-mismatch
 *       Its status says 10.0.0.7, which is not an address of Service shop/edge-gatewright …
 */
export function diagnosisText(diagnosis: Diagnosis, output: Output): string {
  const colours = usesColours(output);
  const outcomes = withWritten(diagnosis);
  const width = Math.max(...outcomes.map(({ name }) => name.length));
  const lines = outcomes.map((outcome) => {
    const { sign, colour } = signs[stateOf(outcome)];
    const painted = colours ? `${colour}${sign}\u001b[0m` : sign;
    const seen = outcome.seen || (outcome.unread.length === 0 ? "" : `you may not read ${outcome.unread.join(", ")}`);
    return `${painted} ${outcome.name.padEnd(width)}  ${seen}`.trimEnd();
  });
  const own = diagnosis.checks.flatMap(({ findings }) => findings);
  const shown = diagnosis.written.slice(0, mostWritten);
  const more = diagnosis.written.length - shown.length;
  const found = [...own, ...shown];
  const { errors, warnings } = graveness(diagnosis);
  return [
    ...lines,
    "",
    ...(found.length === 0 ? [] : [formatFindings(found, colours)]),
    ...(more === 0 ? [] : [`and ${more} more in what is written: gatewright validate -A`, ""]),
    ...diagnosis.unread.map((what) => `Not looked at: ${what}`),
    errors + warnings === 0
      ? outcomes.some((outcome) => stateOf(outcome) === "not-looked")
        ? "Nothing is wrong with what you may read."
        : "Nothing is wrong."
      : `${counted(errors, "error")}, ${counted(warnings, "warning")}. docs/troubleshoot.md goes by what you see.`,
    "",
  ].join("\n");
}

const signs = {
  ok: { sign: "✓", colour: "\u001b[32m" },
  problems: { sign: "✗", colour: "\u001b[31m" },
  "not-looked": { sign: "?", colour: "\u001b[33m" },
} as const;

/** What became of a check. */
export function stateOf({ findings, seen, unread }: Outcome): keyof typeof signs {
  if (findings.length > 0) return "problems";
  return unread.length > 0 && seen === "" ? "not-looked" : "ok";
}

function withWritten({ checks, written: findings }: Diagnosis): readonly Outcome[] {
  const seen =
    findings.length === 0 ? "nothing to mend" : `${counted(findings.length, "finding")} of gatewright validate`;
  return [...checks, { name: written, findings, seen, unread: [] }];
}

function graveness({ checks, written: findings }: Diagnosis): { readonly errors: number; readonly warnings: number } {
  const all = [...checks.flatMap((outcome) => outcome.findings), ...findings];
  const errors = all.filter(isError).length;
  return { errors, warnings: all.length - errors };
}
