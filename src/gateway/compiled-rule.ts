import { formatPath } from "../resources/origin.ts";
import { type BackendTarget, clusterName } from "./backend.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import type { Problem } from "./problem.ts";

/** A compiled rule and what was found on the way. */
export interface RuleResult {
  readonly rule: CompiledRule;
  readonly targets: readonly BackendTarget[];
  readonly problems: readonly Problem[];
  readonly refusals: readonly string[];
  readonly notEnforced: readonly string[];
}

/** A route as the sum of its rules. */
export function joinRules(results: readonly RuleResult[]): CompiledRoute {
  const targets = new Map(results.flatMap((result) => result.targets).map((target) => [clusterName(target), target]));
  const refusals = new Map<string, { readonly ruleIndex: number; readonly message: string }>();
  for (const { rule, refusals: messages } of results) {
    for (const message of messages) refusals.set(`${rule.ruleIndex}${message}`, { ruleIndex: rule.ruleIndex, message });
  }
  return {
    rules: results.map((result) => result.rule),
    targets: [...targets.values()],
    problems: distinct(results.flatMap((result) => result.problems)),
    refusals: [...refusals.values()],
    notEnforced: [...new Set(results.flatMap((result) => result.notEnforced))],
  };
}

/** Matches of one rule share its backends and their problems. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [
    ...new Map(problems.map((problem) => [`${formatPath(problem.origin.path)} ${problem.message}`, problem])).values(),
  ];
}
