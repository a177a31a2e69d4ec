import type { CompiledRoute } from "./compiled-route.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
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

/** Condition of ours that lists fields which are set and have no effect. */
export const notEnforcedCondition = "gatewright.dev/NotEnforced";

export function verdictOf(
  compiled: CompiledRoute | undefined,
  stream: CompiledStream | undefined,
): RouteVerdict | undefined {
  const meaning = compiled ?? stream;
  if (meaning === undefined) return undefined;
  const notEnforced =
    meaning.notEnforced.length === 0
      ? []
      : [isTrue(notEnforcedCondition, "NotSupported", `Set, and without effect: ${meaning.notEnforced.join(", ")}.`)];
  const refusals = compiled?.refusals ?? [];
  if (compiled === undefined || refusals.length === 0) {
    return { resolvedRefs: resolvedRefs(meaning.problems), further: notEnforced };
  }
  const messages = refusals.map(({ ruleIndex, message }) => `spec.rules[${ruleIndex}]: ${message}`).join("; ");
  const refusedRules = new Set(refusals.filter(({ wholeRule }) => wholeRule).map(({ ruleIndex }) => ruleIndex));
  const everyRule = compiled.rules.every((rule) => refusedRules.has(rule.ruleIndex));
  return {
    resolvedRefs: resolvedRefs(meaning.problems),
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
      ? notEnforced
      : [
          isTrue("PartiallyInvalid", "UnsupportedValue", `Dropped Rule, answered with 500: ${messages}.`),
          ...notEnforced,
        ],
  };
}
