import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { analyse } from "../src/analyse/analyse.ts";
import { type ValidateOptions, validate } from "../src/cli/validate.ts";
import type { ValidateJson } from "../src/cli/validation-result.ts";
import { withKeyPairs } from "../src/gateway/testing/key-pairs.ts";
import { type FindingCode, findingCodes, isFindingCode, ruleOf } from "../src/resources/finding-codes.ts";
import { readDocuments } from "../src/resources/read-documents.ts";

/**
 * Every code has a page, and what the page says is so: its wrong example has the finding, at the lines that are marked
 * `# <- here` (or `# <- CODE` for another that comes with it), and its right one has none.
 */
const folder = join(import.meta.dirname, "..", "docs", "findings");
const shared = readDocuments(readFileSync(join(folder, "shared.yaml"), "utf8"), "shared.yaml");

interface Example {
  readonly text: string;
  readonly isJson: boolean;
  /** Line and code of each finding. */
  readonly marks: readonly string[];
}

interface Page {
  readonly heading: string;
  readonly wrong?: Example;
  readonly right?: Example;
  readonly mends: boolean;
  readonly hasAdvice: boolean;
}

const fixSentence = "`gatewright validate --fix` mends it.";

describe("pages of findings", () => {
  let work = "";
  before(() => {
    work = mkdtempSync(join(tmpdir(), "findings-"));
  });
  after(() => rmSync(work, { recursive: true }));

  test("one for every code, and none for others", () => {
    const pages = readdirSync(folder).flatMap((file) => /^(.*)\.md$/.exec(file)?.[1] ?? []);
    deepEqual(pages.filter((name) => name !== "README").sort(), [...findingCodes].sort());
  });

  test("the index names every code (UPDATE_GOLDEN=1 rewrites it)", () => {
    const file = join(folder, "README.md");
    const written = readFileSync(file, "utf8");
    const table = findingCodes.map(
      (code) => `| [${code}](${code}.md) | ${ruleOf(code).severity} | ${ruleOf(code).title} |`,
    );
    const text = written.replace(/(\| code \|.*\n\|.*\n)[\s\S]*$/, `$1${table.join("\n")}\n`);
    if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, text);
    equal(readFileSync(file, "utf8"), text);
  });

  for (const code of findingCodes) {
    test(code, async () => {
      const { heading, wrong, right, mends, hasAdvice } = readPage(code);
      equal(heading, `# ${code}\n\n**${ruleOf(code).title}.**`);
      const { ofRun, ofCluster } = ruleOf(code);
      equal(wrong === undefined, ofRun === true || ofCluster === true);
      equal(hasAdvice, ofCluster === true, "`## What to do` stands where no right example does");
      if (wrong === undefined || right === undefined) return;
      const { findings } = await run(wrong, work);
      deepEqual(
        findings.map((finding) => `${finding.line} ${finding.code}`),
        wrong.marks,
      );
      ok(findings.some((finding) => finding.code === code));
      deepEqual(
        findings.filter((finding) => finding.severity === "error" && ruleOf(finding.code).severity === "warning"),
        [],
      );
      deepEqual((await run(right, work)).findings, []);
      const isMended = findings.some((finding) => finding.code === code && finding.fix !== undefined);
      equal(isMended, mends, `"${fixSentence}" has to be on the page where it is so, and only there`);
      if (!isMended) return;
      const { mended = 0, findings: left } = await run(wrong, work, { fix: true });
      ok(mended > 0);
      deepEqual(
        left.filter((finding) => finding.code === code),
        [],
      );
      const file = fileOf(wrong, work);
      const text = readFileSync(file, "utf8");
      equal((await validateFiles([file], { fix: true })).mended, 0);
      equal(readFileSync(file, "utf8"), text);
    });
  }
});

function readPage(code: FindingCode): Page {
  const text = readFileSync(join(folder, `${code}.md`), "utf8");
  const [wrong, right] = [...text.matchAll(/^```(yaml|json)(?: line=(\d+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language, line, example = ""]): Example => ({
      text: example,
      isJson: language === "json",
      marks: line === undefined ? marksIn(example, code) : [`${line} ${code}`],
    }),
  );
  return {
    heading: /^#[\s\S]*?\*\*[\s\S]*?\*\*/.exec(text)?.[0].replaceAll(/(?<!\n)\n(?!\n)/g, " ") ?? "",
    ...(wrong !== undefined && { wrong }),
    ...(right !== undefined && { right }),
    mends: text.includes(fixSentence),
    hasAdvice: /^## What to do\n\n\S|^## What to do\n\n {4}\S/m.test(text),
  };
}

function marksIn(example: string, code: FindingCode): readonly string[] {
  return example.split("\n").flatMap((line, index) => {
    const mark = /# <- ([\w.-]+)$/.exec(line)?.[1];
    if (mark === undefined) return [];
    ok(mark === "here" || isFindingCode(mark), mark);
    return [`${index + 1} ${mark === "here" ? code : mark}`];
  });
}

/** What `validate --output json` says of an example and the shared objects that it does not have itself. */
async function run(example: Example, work: string, options: ValidateOptions = {}): Promise<ValidateJson> {
  const text = await withKeyPairs(example.text);
  const file = fileOf(example, work);
  writeFileSync(file, text);
  const own = new Set(readDocuments(text, file).map(({ reference }) => JSON.stringify(reference)));
  const others = shared.filter(({ reference }) => !own.has(JSON.stringify(reference)));
  const context = join(work, "shared.json");
  writeFileSync(context, JSON.stringify({ apiVersion: "v1", kind: "List", items: others.map(({ object }) => object) }));
  return await validateFiles([file, context], options);
}

function fileOf({ isJson }: Example, work: string): string {
  return join(work, isJson ? "example.json" : "example.yaml");
}

async function validateFiles(files: readonly string[], options: ValidateOptions): Promise<ValidateJson> {
  let printed = "";
  const stdout = { write: (part: string) => (printed += part) };
  await validate(files, { output: "json", analyse, stdout, ...options });
  return JSON.parse(printed);
}
