import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { analyse } from "../analyse/analyse.ts";
import { readGoldens } from "../gateway/testing/golden.ts";
import { codeOf } from "./finding-codes.ts";

describe("codeOf", () => {
  for (const [reason, code] of [
    ["NoMatchingParent", "no-matching-parent"],
    ["InvalidCACertificateRef", "invalid-ca-certificate-ref"],
    ["NobodyHasHeardOfThis", "invalid"],
  ] as const) {
    test(`${reason} → ${code}`, () => equal(codeOf(reason), code));
  }

  test("every reason that the golden files meet has a code", async () => {
    for (const { name, objects } of await readGoldens()) {
      for (const { code, message, origin } of analyse(objects)) {
        // A BackendTLSPolicy has the reason Invalid, among others.
        if (origin?.resource.kind === "BackendTLSPolicy") continue;
        equal(code === "invalid" ? `${name}: ${message}` : "", "");
      }
    }
  });
});
