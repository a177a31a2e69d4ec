import { chmod, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { counted } from "../resources/counted.ts";
import type { Finding } from "../resources/finding.ts";
import { isError } from "../resources/mistake.ts";
import { findFiles, standardInput, unreadable } from "../sources/files/find-files.ts";
import { type Analyse, checkDocuments, type TextFile } from "./check-documents.ts";
import { mendFiles } from "./mend-files.ts";
import type { ValidationFormat } from "./outputs.ts";
import { type Output, printFindings } from "./print-findings.ts";
import { UsageError } from "./usage-error.ts";
import { fails, formatResult, type ValidationResult } from "./validation-result.ts";

export interface ValidateOptions {
  readonly output?: ValidationFormat;
  /** Warnings count as errors, except harmless ones: a folder may hold Deployments too. */
  readonly strict?: boolean;
  /** Mends what can be mended in the files. */
  readonly fix?: boolean;
  /** With `fix`: prints the difference, and leaves the files alone. */
  readonly dryRun?: boolean;
  readonly analyse?: Analyse;
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  readonly stdout?: Output;
  readonly stderr?: Output;
}

/** 0: nothing to mend. 1: there are errors (with `strict`, or warnings). 2: a path could not be read, or none was given. */
export type ValidateExitCode = 0 | 1 | 2;

/**
 * `gatewright validate PATH…`: reads files, folders and standard input as `run` would, and prints every finding.
 *
 * A document that refers to one that isn't there is not wrong by itself: that is for `analyse` to say.
 *
 * @throws UsageError where standard input should be mended
 */
export async function validate(paths: readonly string[], options: ValidateOptions = {}): Promise<ValidateExitCode> {
  const {
    output = "text",
    strict = false,
    fix = false,
    dryRun = false,
    analyse = () => [],
    stdin = process.stdin,
    stdout = process.stdout,
    stderr = process.stderr,
  } = options;
  if (dryRun && !fix) throw new UsageError("--dry-run says what --fix would do; add --fix.");
  if (fix && !dryRun && paths.includes(standardInput)) {
    throw new UsageError("Standard input can't be written to; add --dry-run for the difference.");
  }
  const { files: found, problems } = await findFiles(paths);
  const { files, failures } = await readAll(found, stdin);
  const check = (texts: readonly TextFile[]) => checkDocuments(texts, analyse);
  const result = fix ? mendFiles(files, check) : { ...check(files), files, mended: 0 };
  const findings = [...problems, ...failures, ...result.findings];
  const unread = paths.length === 0 || [...problems, ...failures].some(isError);
  if (dryRun) {
    const difference = await differenceOf(files, result.files);
    stdout.write(difference);
    printFindings(findings, stderr);
    return unread ? 2 : difference === "" && exitCodeFor(findings, strict) === 0 ? 0 : 1;
  }
  const written = result.files.filter(({ text: now }, index) => now !== files[index]?.text);
  for (const file of written) await replaceFile(file);
  const whatWasRead = `${counted(result.objects.length, "valid object")} in ${counted(found.length, "file")}`;
  const mended =
    written.length === 0 ? "" : `; ${counted(result.mended, "finding")} mended in ${counted(written.length, "file")}`;
  const counts = { files: found.length, objects: result.objects.length, ...(fix && { mended: result.mended }) };
  const exitCode = printResult(
    { findings, counts, files: files.map(({ name }) => name), read: whatWasRead + mended },
    { output, strict, stdout },
  );
  return unread ? 2 : exitCode;
}

async function readAll(
  files: readonly string[],
  stdin: AsyncIterable<string | Uint8Array>,
): Promise<{ readonly files: readonly TextFile[]; readonly failures: readonly Finding[] }> {
  const read: TextFile[] = [];
  const failures: Finding[] = [];
  for (const file of files) {
    try {
      read.push(
        file === standardInput
          ? { name: "stdin", text: await text(stdin) }
          : { name: file, text: await readFile(file, "utf8") },
      );
    } catch (error) {
      failures.push(unreadable(file, error));
    }
  }
  return { files: read, failures };
}

/** A unified diff, as `patch -p0` and `git apply -p0` take it. */
async function differenceOf(before: readonly TextFile[], after: readonly TextFile[]): Promise<string> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY: headerOptions } = await import("diff");
  return after
    .flatMap(({ name, text: now }, index) => {
      const old = before[index]?.text ?? "";
      return old === now ? [] : [createTwoFilesPatch(name, name, old, now, undefined, undefined, { headerOptions })];
    })
    .join("");
}

/** At once, so that nobody who follows the file reads half of it. A link stays one. */
async function replaceFile({ name, text: content }: TextFile): Promise<void> {
  const file = await realpath(name);
  const { mode } = await stat(file);
  const temporary = `${file}.${process.pid}~`;
  await writeFile(temporary, content);
  await chmod(temporary, mode);
  await rename(temporary, file);
}

/** Prints every finding, and what they come to. */
export function printResult(
  result: ValidationResult,
  { output, strict, stdout }: Required<Pick<ValidateOptions, "output" | "strict" | "stdout">>,
): 0 | 1 {
  stdout.write(formatResult(output, result, strict, stdout));
  return exitCodeFor(result.findings, strict);
}

function exitCodeFor(findings: readonly Finding[], strict: boolean): 0 | 1 {
  return findings.some((finding) => fails(finding, strict)) ? 1 : 0;
}
