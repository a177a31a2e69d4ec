import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fixScript } from "./fix.ts";
import { fraction } from "./fraction.ts";
import { FractionalPercent_DenominatorType } from "./generated/envoy/type/v3/percent_pb.ts";
import { hostFrom, literal, requestHeaders } from "./headers.ts";
import { withoutTrailingSlash } from "./match.ts";
import { duration } from "./message.ts";
import { scopeKey } from "./scope.ts";
import { forward, match, to } from "./testing/ir.ts";
import { timeouts } from "./timeouts.ts";

describe("scopeKey", () => {
  for (const [chain, hostname, expected] of [
    ["http-80", "a.example.com", "http-80/a.example.com"],
    ["http-80", "*", "http-80/*"],
    // Were these left as they are, Host "b/x" on chain "a" would be host "x" on chain "a/b".
    ["a/b", "x", "a~1b/x"],
    ["a~1b", "x", "a~01b/x"],
    ["a:b%", "x", "a~2b~3/x"],
  ] as const) {
    test(`${chain} ${hostname} = ${expected}`, () => equal(scopeKey(chain, hostname), expected));
  }
});

describe("fraction", () => {
  const { MILLION } = FractionalPercent_DenominatorType;
  for (const [numerator, denominator, expected] of [
    [1, 4, { numerator: 25 }],
    [0, 7, { numerator: 0 }],
    [1, 1, { numerator: 100 }],
    [1, 1000, { numerator: 1000, denominator: MILLION }],
    [1, 3, { numerator: 333_333, denominator: MILLION }],
  ] as const) {
    test(`${numerator}/${denominator}`, () => deepEqual(fraction(numerator, denominator), expected));
  }
});

describe("duration", () => {
  for (const [milliseconds, seconds, nanos] of [
    [0, 0n, 0],
    [0.4, 0n, 1_000_000],
    [1, 0n, 1_000_000],
    [1500, 1n, 500_000_000],
    [3_600_000, 3600n, 0],
  ] as const) {
    test(`${milliseconds} ms`, () => {
      const made = duration(milliseconds);
      deepEqual([made.seconds, made.nanos], [seconds, nanos]);
    });
  }
});

describe("headers", () => {
  test("what Envoy would take for a command is literal", () => equal(literal("100% %REQ(x)%"), "100%% %%REQ(x)%%"));
  test("Host is no header to Envoy", () => {
    const modifier = { set: [{ name: "Host", value: "a" }], add: [], remove: ["host", ":path"] };
    deepEqual(requestHeaders(modifier), { requestHeadersToAdd: [], requestHeadersToRemove: [] });
    equal(hostFrom(modifier), "a");
  });
});

describe("withoutTrailingSlash", () => {
  for (const [prefix, expected] of [
    ["/", ""],
    ["/foo", "/foo"],
    ["/foo/", "/foo"],
    ["/foo//", "/foo"],
    ["", ""],
  ] as const) {
    test(`"${prefix}" = "${expected}"`, () => equal(withoutTrailingSlash(prefix), expected));
  }
});

describe("timeouts", () => {
  const none = { codes: [], attempts: 1 };
  for (const [name, parts, matched, expected] of [
    ["none asked for", {}, {}, { timeout: 0 }],
    ["a request's", { timeouts: { requestMilliseconds: 7000 } }, {}, { timeout: 7000 }],
    ["none, explicitly", { timeouts: { requestMilliseconds: 0 } }, {}, { timeout: 0, idle: 0 }],
    [
      "a try's, without retries",
      { timeouts: { requestMilliseconds: 9000, backendRequestMilliseconds: 2000 } },
      {},
      { timeout: 2000 },
    ],
    [
      "a try's, of a request without limit",
      { timeouts: { requestMilliseconds: 0, backendRequestMilliseconds: 2000 } },
      {},
      { timeout: 2000, idle: 0 },
    ],
    [
      "a try's, with retries",
      { timeouts: { requestMilliseconds: 9000, backendRequestMilliseconds: 2000 }, retry: none },
      {},
      { timeout: 9000 },
    ],
    [
      "longer than silence may be",
      { timeouts: { requestMilliseconds: 600_000 } },
      {},
      { timeout: 600_000, idle: 600_000 },
    ],
    ["gRPC", {}, { grpc: true }, { timeout: 0, idle: 3_600_000 }],
  ] as const) {
    test(name, () => {
      const { timeout, idleTimeout } = timeouts(forward([to("a")], parts), match(matched));
      const milliseconds = (one: typeof timeout) => one && Number(one.seconds ?? 0n) * 1000 + (one.nanos ?? 0) / 1e6;
      const idle = milliseconds(idleTimeout);
      deepEqual({ timeout: milliseconds(timeout), ...(idle !== undefined && { idle }) }, expected);
    });
  }
});

describe("the fix script", () => {
  test("knows wildcards by chain, in order, whatever order they come in", () => {
    const wildcards = [
      { chain: "b", hostname: "*.z.com" },
      { chain: "a", hostname: "*.y.com" },
      { chain: "b", hostname: "*" },
      { chain: "b", hostname: "*.x.com" },
    ];
    const script = fixScript(wildcards);
    equal(script, fixScript(wildcards.toReversed()));
    equal(
      script.slice(0, script.indexOf("local names")).replace(/\s+/g, ""),
      'localwildcards={["a/"]={["y.com"]=true},["b/"]={["x.com"]=true,["z.com"]=true}}',
    );
  });
  test("knows the server names of each listener, in order, whatever order they come in", () => {
    const listeners = [
      new Map([["b.com", "443~b.com"]]),
      new Map([
        ["*", "444~*"],
        ["a.com", "444~a.com"],
      ]),
    ];
    const script = fixScript([], listeners);
    equal(script, fixScript([], listeners.map((names) => new Map([...names].toReversed())).toReversed()));
    deepEqual(script.match(/^listener[^)]*/gm), [
      'listener({\n["*"]="444~0*/",\n["a.com"]="444~0a.com/"}',
      'listener({\n["b.com"]="443~0b.com/"}',
    ]);
  });
  test("quotes what could end a string", () => {
    equal(
      fixScript([{ chain: 'a"\n]', hostname: "*.x" }]).startsWith('local wildcards = {["a\\034\\010\\093/"]'),
      true,
    );
  });
});
