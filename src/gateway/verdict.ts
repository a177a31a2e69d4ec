import type { CompiledRoute } from "./compiled-route.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { notEnforced } from "./not-enforced.ts";
import { resolvedRefs } from "./problem.ts";
import type { CompiledStream } from "./stream-route.ts";

/** What a route's own contents say about it, wherever it is attached. */
export interface RouteVerdict {
  /** The route as a whole can't be accepted. */
  readonly refused?: Condition;
  readonly resolvedRefs: Condition;
  /** PartiallyInvalid and NotEnforced, where they apply. */
  readonly further: readonly Condition[];
}

/** @param endsTls whether the route is attached where its clients' TLS, if any, does not go on to its backends */
export function verdictOf(
  compiled: CompiledRoute | undefined,
  stream: CompiledStream | undefined,
  endsTls: boolean,
): RouteVerdict | undefined {
  const meaning = compiled ?? stream;
  if (meaning === undefined) return undefined;
  const problems = [...meaning.problems, ...(endsTls ? (stream?.problemsOfTls ?? []) : [])];
  const withoutEffect = notEnforced(meaning.notEnforced);
  const { refusals = [], dropped = [], rules = [] } = compiled ?? {};
  if (refusals.length === 0 && dropped.length === 0) {
    return { resolvedRefs: resolvedRefs(problems), further: withoutEffect };
  }
  const refusedRules = new Set(refusals.filter(({ wholeRule }) => wholeRule).map(({ ruleIndex }) => ruleIndex));
  const answered = refusals.map(({ ruleIndex, message }) => `spec.rules[${ruleIndex}]: ${message}`).join("; ");
  const unmatched = dropped.map(({ message }) => message).join(" ");
  if (rules.every((rule) => refusedRules.has(rule.ruleIndex))) {
    const message = [
      ...(answered === "" ? [] : [`No rule can be served, so all are answered with 500: ${answered}.`]),
      ...(unmatched === "" ? [] : [`${answered === "" ? "No rule can be served. " : ""}${unmatched}`]),
    ].join(" ");
    return {
      resolvedRefs: resolvedRefs(problems),
      refused: isFalse("Accepted", "UnsupportedValue", message),
      further: withoutEffect,
    };
  }
  const message = [
    ...(answered === "" ? [] : [`Dropped Rule, answered with 500: ${answered}.`]),
    ...(unmatched === "" ? [] : [`Dropped Rule, as far as no request matches it: ${unmatched}`]),
  ].join(" ");
  return {
    resolvedRefs: resolvedRefs(problems),
    further: [isTrue("PartiallyInvalid", "UnsupportedValue", message), ...withoutEffect],
  };
}
