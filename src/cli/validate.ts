import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Finding } from "../resources/finding.ts";
import { ruleOf } from "../resources/finding-codes.ts";
import { isError } from "../resources/mistake.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { formatReference, type ResourceReference } from "../resources/origin.ts";
import { type ReadDocument, readDocuments } from "../resources/read-documents.ts";
import { findFiles, standardInput, unreadable } from "../sources/files/find-files.ts";
import { type FindingJson, findingJson, type Output, printFindings } from "./print-findings.ts";

export interface ValidateOptions {
  readonly output?: "text" | "json";
  /** Warnings count as errors, except harmless ones: a folder may hold Deployments too. */
  readonly strict?: boolean;
  /** Finds what is wrong between objects. Its findings get their place in a file from their origin. */
  readonly analyse?: (objects: readonly KubernetesObject[]) => readonly Finding[];
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  readonly stdout?: Output;
}

/** What `--output json` prints. Findings are in the order of the files, and of the lines in them. */
export interface ValidateJson {
  readonly findings: readonly FindingJson[];
  readonly files: number;
  readonly objects: number;
  readonly errors: number;
  readonly warnings: number;
}

/** 0: nothing to mend. 1: there are errors (with `strict`, or warnings). 2: a path could not be read, or none was given. */
export type ValidateExitCode = 0 | 1 | 2;

/**
 * `gatewright validate PATH…`: reads files, folders and standard input as `run` would, and prints every finding.
 *
 * A document that refers to one that isn't there is not wrong by itself: that is for `analyse` to say.
 */
export async function validate(paths: readonly string[], options: ValidateOptions = {}): Promise<ValidateExitCode> {
  const {
    output = "text",
    strict = false,
    analyse = () => [],
    stdin = process.stdin,
    stdout = process.stdout,
  } = options;
  const { files, problems } = await findFiles(paths);
  const read: ReadDocument[] = [];
  const failures: Finding[] = [];
  for (const file of files) {
    try {
      read.push(...readDocuments(await (file === standardInput ? text(stdin) : readFile(file, "utf8")), nameOf(file)));
    } catch (error) {
      failures.push(unreadable(file, error));
    }
  }
  const documents = withoutDuplicates(read);
  const objects = documents.kept.flatMap(({ object }) => object ?? []);
  const between = analyse(objects).map((finding) => withLocation(finding, documents.byName));
  const found = inOrder(
    [...read.flatMap(({ findings }) => findings), ...documents.findings, ...between],
    files.map(nameOf),
  );
  const findings = [...problems, ...failures, ...found];
  const whatWasRead = `${count(objects.length, "valid object")} in ${count(files.length, "file")}`;
  const counts = { files: files.length, objects: objects.length };
  const exitCode = printResult({ findings, counts, read: whatWasRead }, { output, strict, stdout });
  return paths.length === 0 || [...problems, ...failures].some(isError) ? 2 : exitCode;
}

export interface ValidationResult {
  readonly findings: readonly Finding[];
  readonly counts: Pick<ValidateJson, "files" | "objects">;
  /** What was read, as the beginning of a sentence. */
  readonly read: string;
}

/** Prints every finding, and what they come to. */
export function printResult(
  { findings, counts, read }: ValidationResult,
  { output, strict, stdout }: Required<Pick<ValidateOptions, "output" | "strict" | "stdout">>,
): 0 | 1 {
  const errors = findings.filter(isError).length;
  const warnings = findings.length - errors;
  if (output === "json") {
    const json: ValidateJson = { findings: findings.map(findingJson), ...counts, errors, warnings };
    stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  } else {
    const outcome =
      findings.length === 0 ? "nothing to mend" : `${count(errors, "error")}, ${count(warnings, "warning")}`;
    printFindings(findings, stdout);
    stdout.write(`${findings.length > 0 ? "\n" : ""}${read}; ${outcome}.\n`);
  }
  return errors > 0 || (strict && findings.some(({ code }) => ruleOf(code).harmless !== true)) ? 1 : 0;
}

function nameOf(file: string): string {
  return file === standardInput ? "stdin" : file;
}

interface Documents {
  readonly kept: readonly ReadDocument[];
  readonly byName: ReadonlyMap<string, ReadDocument>;
  readonly findings: readonly Finding[];
}

/** Of two documents that describe the same object the first counts, as in a folder that is served. */
function withoutDuplicates(documents: readonly ReadDocument[]): Documents {
  const kept: ReadDocument[] = [];
  const byName = new Map<string, ReadDocument>();
  const findings: Finding[] = [];
  for (const document of documents) {
    const { reference } = document;
    const first = reference && byName.get(identity(reference));
    if (reference === undefined) continue;
    if (first === undefined) {
      byName.set(identity(reference), document);
      kept.push(document);
    } else {
      const { file, line } = first.locate([]);
      findings.push({
        severity: "error",
        code: "duplicate-object",
        message: `${formatReference(reference)} is also in ${file}:${line}, which is the one that is served.`,
        remedy: "Remove one of the two, or give it another name.",
        origin: { resource: reference, path: ["metadata", "name"] },
        location: document.locate(["metadata", "name"]),
      });
    }
  }
  return { kept, byName, findings };
}

function identity({ group, kind, namespace = "", name }: ResourceReference): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function withLocation(finding: Finding, documents: ReadonlyMap<string, ReadDocument>): Finding {
  const { origin } = finding;
  const document = origin && documents.get(identity(origin.resource));
  if (finding.location !== undefined || document === undefined) return finding;
  return { ...finding, location: document.locate(origin?.path ?? []) };
}

function inOrder(findings: readonly Finding[], files: readonly string[]): readonly Finding[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ location }: Finding) =>
    location === undefined ? files.length : (order.get(location.file) ?? files.length);
  return [...findings].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
      (a.location?.column ?? 0) - (b.location?.column ?? 0),
  );
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
