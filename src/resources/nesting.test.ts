import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../sources/kubernetes/decode.ts";
import { kinds } from "./kinds.ts";
import { mostLevels, tooDeep } from "./nesting.ts";
import { readDocuments } from "./read-documents.ts";

const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const parameters = (levels: number) =>
  `{"apiVersion":"gatewright.dev/v1alpha1","kind":"GatewayParameters","metadata":{"name":"a","namespace":"b"},` +
  `"spec":{"envoy":{"extraBootstrap":${nested(levels)}}}}`;

for (const levels of [mostLevels + 1, 3_000, 100_000]) {
  for (const [form, text] of [
    ["JSON", parameters(levels)],
    ["a flow of YAML", `# not JSON\n${parameters(levels)}`],
    ["lists of YAML", `${"- ".repeat(levels)}a`],
    ...(levels < 10_000
      ? [
          [
            "a block of YAML",
            Array.from({ length: levels }, (_, level) => `${" ".repeat(level)}a:\n`).join(""),
          ] as const,
        ]
      : []),
  ] as const) {
    test(`a file of ${levels} levels is a mistake that is told: ${form}`, () => {
      const messages = readDocuments(text, "deep.yaml").flatMap(({ findings }) =>
        findings.map(({ message }) => message),
      );
      deepEqual(messages, [tooDeep]);
    });
  }
}

test("what an API server sends can't use up the stack", () => {
  const kind = kinds.find((each) => each.kind === "GatewayParameters");
  for (const [levels, expected] of [
    [mostLevels - 1, []],
    [mostLevels + 1, [`spec.envoy.extraBootstrap: ${tooDeep}`]],
    // As many as the API server takes.
    [9_990, [`spec.envoy.extraBootstrap: ${tooDeep}`]],
  ] as const) {
    deepEqual(
      kind && decode(kind, JSON.parse(parameters(levels)), { contents: true }).findings.map(({ message }) => message),
      expected,
    );
  }
});
