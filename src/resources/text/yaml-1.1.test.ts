import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { inYaml11 } from "./yaml-1.1.ts";

describe("inYaml11", () => {
  for (const [source, expected] of [
    ["on", "true"],
    ["Yes", "true"],
    ["y", "true"],
    ["OFF", "false"],
    ["n", "false"],
    ["0777", "511"],
    ["-017", "-15"],
    ["0b101", "5"],
    ["1_000", "1000"],
    ["true", undefined],
    ["oN", undefined],
    ["0", undefined],
    ["08", undefined],
    ["80", undefined],
    ["1_000a", undefined],
    ["none", undefined],
  ] as const) {
    test(`${source} → ${expected}`, () => equal(inYaml11(source), expected));
  }
});
