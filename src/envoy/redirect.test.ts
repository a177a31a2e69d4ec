import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import type { RedirectAction } from "../ir/rule.ts";
import { redirect } from "./redirect.ts";

describe("redirect, with listeners 10,000 ports further", () => {
  for (const [name, action, expected] of [
    ["to our own https", { scheme: "https" }, { portRedirect: 10_443 }],
    ["to a port of our own", { port: 8080 }, { portRedirect: 18_080 }],
    ["as the request came", {}, {}],
    ["to another host's https", { scheme: "https", hostname: "other.test" }, { hostRedirect: "other.test" }],
  ] as const satisfies readonly (readonly [string, Partial<RedirectAction>, object])[]) {
    test(name, () => {
      const { usual } = redirect({ kind: "redirect", statusCode: 302, ...action }, "a.test", 10_000);
      const { portRedirect, hostRedirect } = usual;
      deepEqual({ ...(portRedirect && { portRedirect }), ...(hostRedirect && { hostRedirect }) }, expected);
    });
  }
});
