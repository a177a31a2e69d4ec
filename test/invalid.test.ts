import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { checkDocuments } from "../src/cli/check-documents.ts";
import { mendFiles } from "../src/cli/mend-files.ts";
import type { Finding } from "../src/resources/finding.ts";
import { isError } from "../src/resources/mistake.ts";
import { readDocuments } from "../src/resources/read-documents.ts";

/**
 * Documents that are wrong in one way each, and what is said about them: `test/invalid/NAME.yaml` and
 * `NAME.expected.json`. `UPDATE_GOLDEN=1` writes the latter anew; read the difference before it is committed.
 */
const folder = join(import.meta.dirname, "invalid");
const files = readdirSync(folder).filter((file) => !file.endsWith(".expected.json"));

type Expected = Pick<Finding, "severity" | "code" | "message" | "remedy"> & {
  readonly line: number;
  readonly column: number;
};

describe("invalid documents", () => {
  for (const file of files) {
    test(file, () => {
      const documents = readDocuments(readFileSync(join(folder, file), "utf8"), file);
      const found = documents.flatMap(({ findings }) => findings.map(expectedOf));
      const path = join(folder, file.replace(/\.\w+$/, ".expected.json"));
      if (process.env["UPDATE_GOLDEN"]) writeFileSync(path, `${JSON.stringify(found, undefined, 2)}\n`);
      deepEqual(found, JSON.parse(readFileSync(path, "utf8")));
      ok(found.length > 0);
    });

    test(`${file}: what can be mended is mended, and no worse for it`, () => {
      const text = readFileSync(join(folder, file), "utf8");
      const before = readDocuments(text, file).flatMap(({ findings }) => findings);
      const fixable = before.filter(({ edits }) => edits !== undefined);
      const result = mendFiles([{ name: file, text }], (texts) => checkDocuments(texts, () => []));
      deepEqual([result.mended > 0, result.files[0]?.text !== text], [fixable.length > 0, fixable.length > 0]);
      deepEqual(
        result.findings.filter(({ edits }) => edits !== undefined),
        [],
      );
      // What a document says is only looked at once it is of a kind that is known.
      if (fixable.some(({ code }) => code === "unknown-kind" || code === "wrong-api-version")) return;
      ok(result.findings.filter(isError).length <= before.filter(isError).length - fixable.filter(isError).length);
    });

    test(`${file}: whatever has an error is refused`, () => {
      for (const { object, findings } of readDocuments(readFileSync(join(folder, file), "utf8"), file)) {
        if (findings.some(({ severity }) => severity === "error")) deepEqual(object, undefined);
      }
    });
  }
});

function expectedOf({ severity, code, message, remedy, location }: Finding): Expected {
  return {
    severity,
    code,
    line: location?.line ?? 0,
    column: location?.column ?? 0,
    message,
    ...(remedy !== undefined && { remedy }),
  };
}
