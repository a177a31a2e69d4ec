/** The configurations that a route goes through while `route-change.ts` looks at it. */
import type { Asked } from "./connection.ts";

/** One configuration. */
export interface Step {
  readonly rules: readonly object[];
  /** What is asked all the time, and what may be answered as long as this is the configuration. In every step the same requests. */
  readonly requests: readonly Expected[];
  /** A request and the answers that no other configuration gives. */
  readonly sign: Expected;
}

export interface Expected {
  readonly asked: Asked;
  /** As `Answer.said` has them. */
  readonly answers: readonly string[];
}

export const hostname = "route.example.com";

/** @param reorder rules change places, come and go; else one rule becomes another */
export function steps(reorder: boolean, count: number): readonly Step[] {
  return Array.from({ length: count }, (_, index) => (reorder ? reordered(index) : changed(index)));
}

const modifier = (type: "Request" | "Response", name: string, value: string) => ({
  type: `${type}HeaderModifier`,
  [`${type.toLowerCase()}HeaderModifier`]: { set: [{ name, value }] },
});

/** One rule for everything: another backend, other filters and other timeouts in each of five turns. */
function changed(index: number): Step {
  // Every step has a name of its own, so that an answer tells whether all of it is of one step.
  const turn = turns[index % turns.length] ?? {};
  const mark = `step-${index}`;
  const backends = turn.backends ?? [{ name: "alpha", port: 80 }];
  const filters = [
    modifier("Request", "x-config", mark),
    ...(turn.plainAnswer === true ? [] : [modifier("Response", "x-answered", mark)]),
  ];
  const answers = backends.map(
    ({ name, port }) => `${name}:${port === 80 ? 8080 : 8081}|${mark}|${turn.plainAnswer === true ? "none" : mark}`,
  );
  const expected = { asked: { host: hostname, path: "/" }, answers };
  const timeouts = turn.timeouts === undefined ? {} : { timeouts: turn.timeouts };
  return { rules: [{ backendRefs: backends, filters, ...timeouts }], requests: [expected], sign: expected };
}

interface Turn {
  readonly backends?: readonly { readonly name: string; readonly port: number; readonly weight?: number }[];
  readonly plainAnswer?: true;
  readonly timeouts?: object;
}

const turns: readonly Turn[] = [
  {},
  { backends: [{ name: "alpha", port: 8080 }], plainAnswer: true },
  { backends: [{ name: "beta", port: 80 }], timeouts: { request: "30s" } },
  {
    backends: [
      { name: "alpha", port: 80, weight: 30 },
      { name: "beta", port: 8080, weight: 70 },
    ],
  },
  { backends: [{ name: "alpha", port: 80 }], plainAnswer: true, timeouts: { request: "30s", backendRequest: "20s" } },
];

interface OverlappingRule {
  readonly name: string;
  readonly match: object;
  /** What it wins, though others match it, too. */
  readonly asked: Omit<Asked, "host">;
}

const path = (type: "PathPrefix" | "Exact", value: string) => ({ path: { type, value } });
const version = [{ type: "Exact", name: "x-version", value: "2" }];

/** HTTPRouteRule.matches: the longest path wins, then the method, then the number of headers, then of query parameters. */
const overlapping: readonly OverlappingRule[] = [
  { name: "all", match: path("PathPrefix", "/"), asked: { path: "/elsewhere" } },
  { name: "a", match: path("PathPrefix", "/a"), asked: { path: "/a/c" } },
  { name: "ab", match: path("PathPrefix", "/a/b"), asked: { path: "/a/b/d" } },
  { name: "abc", match: path("Exact", "/a/b/c"), asked: { path: "/a/b/c", headers: { "x-version": "2" } } },
  {
    name: "header",
    match: { ...path("PathPrefix", "/a"), headers: version },
    asked: { path: "/a/c?version=2", headers: { "x-version": "2" } },
  },
  {
    name: "method",
    match: { ...path("PathPrefix", "/a"), method: "DELETE" },
    asked: { path: "/a/c?version=2", method: "DELETE", headers: { "x-version": "2" } },
  },
  {
    name: "query",
    match: { ...path("PathPrefix", "/a"), queryParams: [{ type: "Exact", name: "version", value: "2" }] },
    asked: { path: "/a/c?version=2" },
  },
  {
    name: "ab-header",
    match: { ...path("PathPrefix", "/a/b"), headers: version },
    asked: { path: "/a/b/d?version=2", headers: { "x-version": "2" } },
  },
];

/** Eight rules in another order each time, with one among them that was not there before. */
function reordered(index: number): Step {
  const backendOf = (name: string) => (name.length % 2 === 0 ? "beta" : "alpha");
  const ruleOf = ({ name, match }: Pick<OverlappingRule, "name" | "match">) => ({
    name,
    matches: [match],
    filters: [modifier("Request", "x-config", name), modifier("Response", "x-answered", name)],
    backendRefs: [{ name: backendOf(name), port: 80 }],
  });
  const answersOf = (name: string) => [`${backendOf(name)}:8080|${name}|${name}`];
  const added = { name: `added-${index}`, match: path("Exact", `/added-${index}`), asked: { path: `/added-${index}` } };
  const expected = ({ name, asked }: OverlappingRule): Expected => ({
    asked: { host: hostname, ...asked },
    answers: answersOf(name),
  });
  return {
    rules: shuffled([...overlapping, added], index).map(ruleOf),
    requests: overlapping.map(expected),
    sign: expected(added),
  };
}

/** The same order for the same seed (Fisher and Yates, with Numerical Recipes' generator). */
function shuffled<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const left = [...items];
  let state = seed + 1;
  return items.flatMap(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return left.splice(Math.floor((state / 2 ** 32) * left.length), 1);
  });
}
