import type { HostTable } from "../ir/host-table.ts";
import type { ForwardAction, HeaderModifier, PathModifier, RequestMatch, Rule, ValueMatch } from "../ir/rule.ts";
import { type FieldPath, formatReference, type Origin } from "../resources/origin.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { RuleAction, RuleStep } from "./explanation.ts";

/** A rule that was chosen, with everything that it does to a request, in order. */
export function ruleStep(explained: Explained, rule: Rule, table: HostTable): RuleStep {
  return {
    name: ruleName(rule),
    match: matchText(rule.match),
    place: placeOf(explained, rule.origin),
    steps: actionsOf(explained, rule, table),
  };
}

/** @example "HTTPRoute shop/cart, rule 0" */
export function ruleName({ origin }: Pick<Rule, "origin">): string {
  const index = ruleIndex(origin.path);
  return `${formatReference(origin.resource)}${index === undefined ? "" : `, rule ${index}`}`;
}

export function ruleIndex(path: FieldPath): number | undefined {
  const [spec, rules, index] = path;
  return spec === "spec" && rules === "rules" && typeof index === "number" ? index : undefined;
}

/** @example "GET, path at or below /cart, header version = v2" */
export function matchText({ path, method, headers, queryParams, grpc }: RequestMatch): string {
  const kinds = { Exact: "path is", PathPrefix: "path at or below", RegularExpression: "path matches" } as const;
  const value = ({ name, type, value: wanted }: ValueMatch): string =>
    `${name} ${type === "Exact" ? "=" : "matches"} ${wanted}`;
  return [
    ...(grpc === true ? ["gRPC"] : []),
    ...(method === undefined ? [] : [method]),
    path.type === "PathPrefix" && path.value === "/" ? "every path" : `${kinds[path.type]} ${path.value}`,
    ...headers.map((header) => `header ${value(header)}`),
    ...queryParams.map((parameter) => `query ${value(parameter)}`),
  ].join(", ");
}

function actionsOf(explained: Explained, rule: Rule, { authorizations = [] }: HostTable): readonly RuleAction[] {
  const forward = rule.action.kind === "forward" ? rule.action : undefined;
  const at = (origin: Origin, message: string): RuleAction => ({ message, place: placeOf(explained, origin) });
  const only = (message: string): RuleAction => ({ message });
  return [
    ...authorizations.map(({ origin, cluster }) =>
      at(
        origin,
        `the listener's authorization service ${cluster} is asked, before a rule is chosen; what it adds to the request counts for the choice`,
      ),
    ),
    ...(rule.cors === undefined ? [] : [only(`CORS for origins ${rule.cors.allowOrigins.join(" ") || "(none)"}`)]),
    ...(rule.externalAuth === undefined
      ? []
      : [
          at(
            rule.externalAuth.origin,
            `${rule.externalAuth.cluster} is asked over ${rule.externalAuth.protocol}, and the request goes on only if it says so`,
          ),
        ]),
    ...(forward === undefined ? [] : sessionTexts(forward).map(only)),
    ...headerTexts("request", rule.requestHeaders).map(only),
    ...(forward === undefined ? [] : forwardTexts(forward).map(only)),
    ...(forward?.mirrors ?? []).map(({ cluster, fraction: { numerator, denominator }, origin }) =>
      at(origin, `${percent(numerator, denominator)} % of the requests are mirrored to ${cluster}`),
    ),
    ...headerTexts("response", rule.responseHeaders).map(only),
  ];
}

/** Sessions are kept within a destination; where there is one alone, it needs no name. */
function sessionTexts({ destinations }: ForwardAction): readonly string[] {
  return destinations.flatMap(({ cluster, sessionPersistence: session }) => {
    if (session === undefined) return [];
    const within = destinations.length === 1 ? "" : ` within ${cluster ?? "nowhere"}`;
    return [`session persistence by ${session.kind} ${session.name}${within}`];
  });
}

function forwardTexts({ rewrite, timeouts, retry }: ForwardAction): readonly string[] {
  const { requestMilliseconds, backendRequestMilliseconds } = timeouts ?? {};
  return [
    ...(rewrite?.hostname === undefined ? [] : [`Host becomes ${rewrite.hostname}`]),
    ...(rewrite?.path === undefined ? [] : [pathText(rewrite.path)]),
    ...(requestMilliseconds === undefined || requestMilliseconds === 0 ? [] : [`504 after ${requestMilliseconds} ms`]),
    ...(backendRequestMilliseconds === undefined || backendRequestMilliseconds === 0
      ? []
      : [`each try ends after ${backendRequestMilliseconds} ms`]),
    ...(retry === undefined
      ? []
      : [`retried up to ${retry.attempts} × on ${[...retry.codes, "a connection that fails"].join(", ")}`]),
  ];
}

function pathText(path: PathModifier): string {
  return path.type === "ReplaceFullPath"
    ? `path becomes ${path.value || "/"}`
    : `path prefix ${path.prefix} becomes ${path.value || "/"}`;
}

function headerTexts(whose: "request" | "response", modifier: HeaderModifier | undefined): readonly string[] {
  if (modifier === undefined) return [];
  return [
    ...modifier.remove.map((name) => `${whose} header ${name} removed`),
    ...modifier.set.map(({ name, value }) => `${whose} header ${name} set to ${value}`),
    ...modifier.add.map(({ name, value }) => `${whose} header ${name} gets ${value}`),
  ];
}

/** Rounded to a hundredth. */
export function percent(part: number, whole: number): number {
  return Math.round((part / whole) * 10_000) / 100;
}
