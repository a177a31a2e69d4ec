import { type BackendTarget, clusterName } from "./backend.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import { type Condition, isTrue } from "./condition.ts";

/** A compiled rule and what was found on the way. */
export interface RuleResult {
  readonly rule: CompiledRule;
  readonly targets: readonly BackendTarget[];
  readonly problems: readonly Condition[];
  readonly refusals: readonly string[];
  readonly notEnforced: readonly string[];
}

export const allResolved: Condition = isTrue("ResolvedRefs", "ResolvedRefs", "Every reference of the route was found.");

/** A route as the sum of its rules. ResolvedRefs carries the reason of the first problem and the messages of all. */
export function joinRules(results: readonly RuleResult[]): CompiledRoute {
  const targets = new Map(results.flatMap((result) => result.targets).map((target) => [clusterName(target), target]));
  const refusals = new Map<string, { readonly ruleIndex: number; readonly message: string }>();
  for (const { rule, refusals: messages } of results) {
    for (const message of messages) refusals.set(`${rule.ruleIndex}${message}`, { ruleIndex: rule.ruleIndex, message });
  }
  return {
    rules: results.map((result) => result.rule),
    targets: [...targets.values()],
    resolvedRefs: summarise(results.flatMap((result) => result.problems)),
    refusals: [...refusals.values()],
    notEnforced: [...new Set(results.flatMap((result) => result.notEnforced))],
  };
}

/** One condition for all problems: the first one's reason, everybody's message once. */
export function summarise(problems: readonly Condition[]): Condition {
  const [first] = problems;
  if (first === undefined) return allResolved;
  return { ...first, message: [...new Set(problems.map((problem) => problem.message))].join(" ") };
}
