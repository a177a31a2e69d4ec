import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import type { Finding } from "../resources/finding.ts";
import { formatResult, type ValidationResult } from "./validation-result.ts";

const resource = { group: "", kind: "Service", namespace: "shop", name: "cart" };
const mended: Finding = {
  severity: "error",
  code: "wrong-type",
  message: 'spec.ports[0].port must be an integer, but is the string "80" <&>.',
  remedy: "Remove the quotes: 80.",
  origin: { resource, path: ["spec", "ports", 0, "port"] },
  location: { file: "my shop/a.yaml", line: 7, column: 11 },
  edits: [{ file: "my shop/a.yaml", start: { line: 7, column: 11 }, end: { line: 7, column: 15 }, text: "80" }],
};
const onCluster: Finding = {
  severity: "warning",
  code: "no-endpoints",
  message: "Service shop/cart has no endpoints.\u0007",
  origin: { resource, path: ["spec"] },
};
const harmless: Finding = {
  severity: "warning",
  code: "ignored-kind",
  message: "Deployment carries no traffic.",
  location: { file: "/abs/b.yaml", line: 2, column: 7 },
};
const nowhere: Finding = { severity: "error", code: "no-such-file", message: "x.yaml does not exist." };
const result: ValidationResult = {
  findings: [nowhere, mended, harmless, onCluster],
  files: ["my shop/a.yaml", "/abs/b.yaml", "good.yaml"],
  counts: { files: 3, objects: 1 },
  read: "1 valid object in 3 files",
};
const stdout = { write: () => undefined };

describe("sarif", () => {
  const log = JSON.parse(formatResult("sarif", result, false, stdout));
  const [{ results, tool }] = log.runs;

  test("is valid by the official schema", () => {
    const library = dirname(createRequire(import.meta.url).resolve("@microsoft/jest-sarif"));
    // Its draft 4 says nothing that later drafts read differently, but for the name of its identifier.
    const {
      $schema: _,
      id: __,
      ...schema
    } = JSON.parse(readFileSync(join(library, "schemas", "sarif-2.1.0-rtm.5.json"), "utf8"));
    const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false });
    for (const findings of [result.findings, []]) {
      const value: unknown = JSON.parse(formatResult("sarif", { ...result, findings }, false, stdout));
      ok(ajv.validate(schema, value), ajv.errorsText());
    }
    equal(ajv.validate(schema, { ...log, runs: [{ results }] }), false);
  });

  test("has a rule with its page for each code", () => {
    deepEqual(
      results.map((one: { ruleId: string; ruleIndex: number }) => tool.driver.rules[one.ruleIndex].id),
      ["no-such-file", "wrong-type", "ignored-kind", "no-endpoints"],
    );
    const rule = tool.driver.rules.find(({ id }: { id: string }) => id === "wrong-type");
    match(rule.helpUri, /^https:\/\/.*\/wrong-type\.md$/);
    match(rule.help.markdown, /^# wrong-type\n[\s\S]*## Wrong/);
  });

  test("says where, and what mends it", () => {
    deepEqual(results[1].locations, [
      {
        physicalLocation: {
          artifactLocation: { uri: "my%20shop/a.yaml" },
          region: { startLine: 7, startColumn: 11 },
        },
        logicalLocations: [
          {
            kind: "object",
            name: "Service shop/cart",
            fullyQualifiedName: "Service shop/cart spec.ports[0].port",
          },
        ],
      },
    ]);
    deepEqual(results[1].fixes[0].artifactChanges[0].replacements, [
      {
        deletedRegion: { startLine: 7, startColumn: 11, endLine: 7, endColumn: 15 },
        insertedContent: { text: "80" },
      },
    ]);
    equal(results[2].locations[0].physicalLocation.artifactLocation.uri, "file:///abs/b.yaml");
    equal(results[3].locations[0].physicalLocation, undefined);
    equal(results[0].locations, undefined);
  });
});

describe("junit", () => {
  const xml = formatResult("junit", result, false, stdout);

  test("a suite for each file, and for what is in none", () => {
    deepEqual(
      [...xml.matchAll(/<testsuite name="([^"]*)" tests="(\d)" failures="(\d)" errors="0" skipped="(\d)">/g)].map(
        (it) => it.slice(1),
      ),
      [
        ["my shop/a.yaml", "1", "1", "0"],
        ["/abs/b.yaml", "1", "0", "1"],
        ["good.yaml", "1", "0", "0"],
        ["gatewright", "1", "1", "0"],
        ["Service shop/cart", "1", "0", "1"],
      ],
    );
    match(xml, /<testsuites name="gatewright validate" tests="5" failures="2" errors="0" skipped="2">/);
    match(xml, /<testcase classname="good.yaml" name="valid"\/>/);
  });

  test("says where and what, in characters that XML has", () => {
    match(xml, /<testcase classname="my shop\/a.yaml" name="wrong-type:7:11" file="my shop\/a.yaml" line="7">/);
    match(xml, /&quot;80&quot; &lt;&amp;&gt;/);
    ok(!xml.includes("\u0007"));
  });

  test("with --strict warnings fail, but for harmless ones", () => {
    const strict = formatResult("junit", result, true, stdout);
    match(strict, /failures="3" errors="0" skipped="1">\n/);
  });
});
