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
  const refusals = compiled?.refusals ?? [];
  if (compiled === undefined || refusals.length === 0) {
    return { resolvedRefs: resolvedRefs(problems), further: withoutEffect };
  }
  const messages = refusals.map(({ ruleIndex, message }) => `spec.rules[${ruleIndex}]: ${message}`).join("; ");
  const refusedRules = new Set(refusals.filter(({ wholeRule }) => wholeRule).map(({ ruleIndex }) => ruleIndex));
  const everyRule = compiled.rules.every((rule) => refusedRules.has(rule.ruleIndex));
  return {
    resolvedRefs: resolvedRefs(problems),
    ...(everyRule
      ? {
          refused: isFalse(
            "Accepted",
            "UnsupportedValue",
            `No rule can be served, so all are answered with 500: ${messages}.`,
          ),
        }
      : {}),
    further: everyRule
      ? withoutEffect
      : [
          isTrue("PartiallyInvalid", "UnsupportedValue", `Dropped Rule, answered with 500: ${messages}.`),
          ...withoutEffect,
        ],
  };
}
