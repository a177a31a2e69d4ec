import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { redirect, redirectOn } from "./redirect.ts";

describe("the port of a redirect; none where the Location needs none", () => {
  for (const [scheme, port, listener, expected] of [
    [undefined, undefined, ["http", 80], undefined],
    [undefined, undefined, ["http", 8080], 8080],
    [undefined, undefined, ["http", 443], 443],
    [undefined, undefined, ["https", 443], undefined],
    [undefined, undefined, ["https", 8443], 8443],
    [undefined, undefined, ["https", 80], 80],
    ["https", undefined, ["http", 80], undefined],
    ["https", undefined, ["http", 8080], undefined],
    ["http", undefined, ["https", 8443], undefined],
    [undefined, 80, ["http", 8080], undefined],
    [undefined, 80, ["https", 443], 80],
    [undefined, 443, ["https", 8443], undefined],
    [undefined, 8080, ["http", 80], 8080],
    ["http", 443, ["https", 443], 443],
    ["https", 443, ["http", 80], undefined],
    ["https", 80, ["http", 80], 80],
    ["http", 80, ["https", 443], undefined],
  ] as const) {
    const [listenerScheme, listenerPort] = listener;
    test(`${scheme ?? "no scheme"}, ${port ?? "no port"} on ${listenerScheme} ${listenerPort}: ${expected ?? "none"}`, () => {
      const given = redirect(
        { statusCode: 302, ...(scheme === undefined ? {} : { scheme }), ...(port === undefined ? {} : { port }) },
        "/",
      );
      equal(redirectOn(given, { scheme: listenerScheme, port: listenerPort }).port, expected);
    });
  }
});

test("the prefix that is replaced is the match's", () => {
  deepEqual(
    redirect({ statusCode: 301, path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } }, "/old").path,
    { type: "ReplacePrefixMatch", prefix: "/old", value: "/new" },
  );
});
