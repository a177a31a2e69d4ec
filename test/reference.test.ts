import { deepEqual, equal } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { conditionsFile, conditionsReference } from "../scripts/conditions-reference.ts";
import { flagsFile, flagsReference } from "../scripts/flags-reference.ts";
import { findingCodes, ruleOf } from "../src/resources/finding-codes.ts";

const docs = join(import.meta.dirname, "../docs");
const read = (name: string) => readFileSync(join(docs, name), "utf8");

describe("docs", () => {
  test("reference/flags.md is what the command line says (node scripts/flags-reference.ts writes it)", () => {
    equal(readFileSync(flagsFile, "utf8"), flagsReference());
  });

  test("reference/conditions.md has what is written into statuses (node scripts/conditions-reference.ts writes it)", () => {
    equal(readFileSync(conditionsFile, "utf8"), conditionsReference());
  });

  test("README.md names every document, and links lead somewhere", () => {
    const documents = ["", "reference/"].flatMap((folder) =>
      readdirSync(join(docs, folder)).flatMap((file) => (file.endsWith(".md") ? [`${folder}${file}`] : [])),
    );
    const contents = read("README.md");
    deepEqual(
      documents.filter((name) => name !== "README.md" && !contents.includes(`](${name})`)),
      [],
    );
    const [top = [], below = []] = ["", "reference/"].map((folder) =>
      readdirSync(join(docs, folder)).map((file) => `${folder}${file}`),
    );
    const known = new Set([...top, ...below, ...readdirSync(join(docs, "findings")).map((file) => `findings/${file}`)]);
    const linked = ["README.md", "troubleshoot.md"].flatMap((name) =>
      [...read(name).matchAll(/\]\((?!https?:|#|\.\.\/)([^)#]+)/g)].map(([, target = ""]) => target),
    );
    deepEqual(
      linked.filter((target) => !known.has(target)),
      [],
    );
  });

  test("troubleshoot.md leads to every code that only doctor finds", () => {
    const text = read("troubleshoot.md");
    deepEqual(
      findingCodes.filter((code) => ruleOf(code).ofCluster === true && !text.includes(`](findings/${code}.md)`)),
      [],
    );
  });
});
