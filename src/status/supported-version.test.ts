import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { supportedVersion } from "./supported-version.ts";

describe("SupportedVersion", () => {
  for (const [versions, status, message] of [
    [["v1.7.0"], "True", "The cluster has the Gateway API's v1.7.0."],
    [["v1.6.2", "v1.0.0", "v1.7.1-rc.1"], "True", "The cluster has the Gateway API's v1.0.0, v1.6.2, v1.7.1-rc.1."],
    [["v1.7.0", "v1.8.0"], "False", "have no effect in: B (v1.8.0)."],
    [["v0.8.1", undefined, "main"], "False", "have no effect in: A (v0.8.1), B (no version), C (main)."],
    [["v2.0.0"], "False", "A (v2.0.0)."],
  ] as const) {
    test(`${versions.join(", ")}: ${status}`, () => {
      const definitions = versions.map((bundleVersion, index) => ({ kind: "ABC"[index] ?? "", bundleVersion }));
      const condition = supportedVersion(definitions);
      deepEqual([condition.status, condition.message.endsWith(message)], [status, true]);
    });
  }
});
