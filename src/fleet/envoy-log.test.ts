import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEnvoyLog, passOn, plainMessage } from "./envoy-log.ts";
import { silent } from "./logger.ts";

describe("parseEnvoyLog", () => {
  for (const [line, expected] of [
    ['{"level":"info","logger":"main","message":"exiting"}', { level: "info", logger: "main", message: "exiting" }],
    [
      '{"level":"error","logger":"a","message":"say \\"no\\"\\nnow"}',
      { level: "error", logger: "a", message: 'say "no" now' },
    ],
    ["terminate called", { level: "raw", logger: "stderr", message: "terminate called" }],
    ["{not json", { level: "raw", logger: "stderr", message: "{not json" }],
    [
      '{"level":"shout","logger":"a","message":"b"}',
      { level: "raw", logger: "stderr", message: '{"level":"shout","logger":"a","message":"b"}' },
    ],
    ['{"level":"info"}', { level: "raw", logger: "stderr", message: '{"level":"info"}' }],
  ] as const) {
    test(line, () => deepEqual(parseEnvoyLog(line), expected));
  }
});

test("protobuf's debug marker and its spaces don't reach a reader", () => {
  equal(plainMessage("goo.gle/debugonly   \n  bad.json: no such  field:   'nme'\n"), "bad.json: no such field: 'nme'");
});

describe("passOn", () => {
  for (const [level, expected] of [
    ["trace", "debug"],
    ["debug", "debug"],
    ["info", "info"],
    ["warning", "warn"],
    ["raw", "warn"],
    ["error", "error"],
    ["critical", "error"],
  ] as const) {
    test(`${level} goes to ${expected}`, () => {
      const got: unknown[] = [];
      const to = (name: string) => (fields: unknown, message: string) => got.push([name, fields, message]);
      const logger = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
      passOn({ level, logger: "main", message: "m" }, logger, { pid: 1 });
      deepEqual(got, [[expected, { pid: 1, logger: "main" }, "m"]]);
    });
  }

  test("without a debug level, trace goes to info", () => {
    const got: string[] = [];
    passOn({ level: "trace", logger: "main", message: "m" }, { ...silent, info: (_, m) => got.push(m) }, {});
    deepEqual(got, ["m"]);
  });
});
