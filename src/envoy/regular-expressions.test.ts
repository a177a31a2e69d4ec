import { deepEqual, equal, match as matches, notEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import { expressionProblem, sizeOf } from "../resources/regular-expression.ts";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, httpListener, match, rule, table, to } from "./testing/ir.ts";
import { resourcesOf } from "./testing/proxy.ts";
import { validationBootstrap } from "./validation-bootstrap.ts";

/** What has a hundredfold of RE2's usual size, and what RE2 has beyond POSIX. */
const accepted = [
  "\\pL{1000}",
  "[^/]{1000}",
  "(?i)k{1000}",
  ".{1000}".repeat(19),
  "(?:[acegikmoqsuwyACEGIKMOQSUWY]{30}){30}",
  Array.from({ length: 700 }, (_, index) => `user-${index}`).join("|"),
  "(?<name>a)",
  "\\Qa+\\E",
  "[[:alpha:]]",
  "a{,2}",
  "\\bword\\b",
  "é",
];

/** With RE2's reason, or ours. */
const refused: readonly (readonly [string, RegExp])[] = [
  ["(?=a)", /Perl syntax/],
  ["(a)\\1", /escape/],
  ["[a", /missing closing/],
  ["a)", /unexpected \)/],
  ["*.html", /repetition/],
  ["a**", /repetition/],
  ["a{1001}", /repeat count/],
  ["(?:a{100}){11}", /repeat count/],
  ["[z-a]", /range/],
  ["\\p{Nope}", /range/],
  ["a\\", /trailing backslash/],
  ["\\pL{1000}".repeat(60), /stands for some 60000 characters/],
];

describe("Envoy and the check before it agree", { concurrency: 2 }, async () => {
  const envoy = await resolveEnvoy();
  const verdict = async (expressions: readonly string[]) => {
    const rules = expressions.map((value) =>
      rule({ match: match({ path: { type: "RegularExpression", value } }), action: forward([to("one")]) }),
    );
    const world = { backends: [backend("one", [1])], listeners: [httpListener()], tables: [table("*", rules)] };
    return (await validate(envoy.path, validationBootstrap(resourcesOf(world)))).ok;
  };

  test("on what can be used", async () => {
    deepEqual(
      accepted.map((expression) => expressionProblem(expression)),
      Array(accepted.length).fill(undefined),
    );
    equal(await verdict(accepted), true);
  });

  for (const [expression, reason] of refused) {
    test(`on ${expression.slice(0, 20)}`, async () => {
      equal(await verdict([expression]), false);
      equal(reason.test(expressionProblem(expression) ?? ""), true, expressionProblem(expression));
    });
  }

  test("what nests too deeply for us, and what would take seconds to look at, is refused by us alone", () => {
    notEqual(expressionProblem("(".repeat(1001) + ")".repeat(1001)), undefined);
    notEqual(expressionProblem("(?:a{10}b{10}c{10}){100}".repeat(150)), undefined);
    matches(expressionProblem(`(?i)${"\\pL".repeat(300)}`) ?? "", /each \\p or \\P under \(\?i\) for 4000/);
  });
});

describe("what an expression stands for", () => {
  for (const [expression, size] of [
    ["", 0],
    ["abc", 3],
    ["a{3}", 3],
    ["(ab{3}){100}", 410],
    ["(a|b{2,5}){2}c*", 23],
    ["[a{9}]{2}\\{9}", 5],
    ["\\p{Greek}{7}[]{9}]", 8],
    ["a{2", 3],
    // An i is no flag where it is not in front.
    ["(?s-i:\\pL){3}i", 26],
    ["(?si)[\\pL\\PN]{3}", 8_015],
  ] as const) {
    test(`${expression}: ${size}`, () => equal(sizeOf(expression), size));
  }
});

/** GEP-4359, "Examples": of values as a whole, which is how they are compared. */
describe("GEP-4359", () => {
  const hosts = testHosts();
  for (const [index, [pattern, matching, others]] of (
    [
      [
        "^(https?://)?www\\.example\\.(com|org)$",
        ["www.example.com", "https://www.example.org"],
        ["example.com", "www.example.net", "www.example.corg", "ahttp://www.example.org", "http://www.example.orga"],
      ],
      ["^colou{0,1}r$", ["color", "colour"], ["colouur", "colo(u)r"]],
      ["^colo(u|)r$", ["color", "colour"], ["colouur"]],
      ["\\*+", ["*", "****"], ["a"]],
      ["[a-zA-Z0-9.]", ["a", "Z", "5", "."], ["-"]],
      ["[^a-zA-Z]", ["-", "9"], ["a", "Z"]],
      ["^[^^]$", ["a", "1"], ["^", "ab"]],
      ["^[a-]$", ["-", "a"], ["b"]],
      ["^[-.*(){}|^$\\\\]$", ["-", ".", "*", "(", ")", "{", "}", "|", "^", "$", "\\"], ["a"]],
      ["^[\\-\\.\\*\\(\\)\\{\\}\\|\\^\\$\\\\]$", ["-", ".", "\\", "$"], ["a"]],
      ["[\\-Z]", ["-", "Z"], ["Y"]],
      ["[\\]]", ["]"], ["\\"]],
      ["\\d\\w\\W", ["1a-"], ["aa-", "1aa"]],
      ["a\\sb", ["a b"], ["ab"]],
    ] as const
  ).entries()) {
    const ask = hosts.serve(`h${index}.test`, [
      rule({
        match: match({ headers: [{ name: "x-value", type: "RegularExpression", value: pattern }] }),
        action: forward([to("one")]),
      }),
    ]);
    test(pattern, async () => {
      const matched: string[] = [];
      for (const value of [...matching, ...others]) {
        if ((await ask({ headers: { "x-value": value } })).status === 200) matched.push(value);
      }
      deepEqual(matched, matching);
    });
  }
});
