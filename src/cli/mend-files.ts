import type { Finding } from "../resources/finding.ts";
import type { TextEdit, TextPosition } from "../resources/fix.ts";
import type { CheckedDocuments, TextFile } from "./check-documents.ts";

/** One mend may bring another finding to light, which has its own; more than this would be a circle. */
const mostPasses = 10;

export interface MendedFiles extends CheckedDocuments {
  readonly files: readonly TextFile[];
  /** How many findings were mended. */
  readonly mended: number;
}

/** Makes the edits of all findings that have some, again and again until there are none, and says what is left. */
export function mendFiles(
  files: readonly TextFile[],
  check: (files: readonly TextFile[]) => CheckedDocuments,
): MendedFiles {
  let current = files;
  let mended = 0;
  for (let pass = 1; ; pass++) {
    const checked = check(current);
    const chosen = pass > mostPasses ? [] : compatible(checked.findings);
    if (chosen.length === 0) return { ...checked, files: current, mended };
    const edits = chosen.flatMap((finding) => finding.edits ?? []);
    current = current.map((file) => ({ ...file, text: applyEdits(file, edits) }));
    mended += chosen.length;
  }
}

/** Findings whose edits don't meet: each is made as a whole, or waits for the next pass. */
function compatible(findings: readonly Finding[]): readonly Finding[] {
  const taken: TextEdit[] = [];
  return findings.filter(({ edits = [] }) => {
    if (edits.length === 0 || edits.some((edit) => taken.some((other) => meet(edit, other)))) return false;
    taken.push(...edits);
    return true;
  });
}

function meet(left: TextEdit, right: TextEdit): boolean {
  return left.file === right.file && compare(left.start, right.end) <= 0 && compare(right.start, left.end) <= 0;
}

function compare(left: TextPosition, right: TextPosition): number {
  return left.line - right.line || left.column - right.column;
}

/** The text of a file after those of the edits that are about it. */
export function applyEdits({ name, text }: TextFile, edits: readonly TextEdit[]): string {
  // Places are counted without a byte order mark.
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const source = text.slice(mark.length);
  const lines = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ line, column }: TextPosition) => (lines[line - 1] ?? source.length) + column - 1;
  const parts: string[] = [];
  let last = 0;
  for (const edit of edits.filter(({ file }) => file === name).sort((a, b) => compare(a.start, b.start))) {
    parts.push(source.slice(last, offset(edit.start)), edit.text);
    last = offset(edit.end);
  }
  return `${mark}${parts.join("")}${source.slice(last)}`;
}
