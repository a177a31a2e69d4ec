import { formatPath } from "../resources/origin.ts";
import { type BackendTarget, clusterName } from "./backend.ts";
import type { CompiledRoute, CompiledRule, Refusal } from "./compiled-route.ts";
import type { CompiledFilters } from "./filters/filters.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import { type PolicyTarget, targetKey } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import type { RuleBackend } from "./rule-backends.ts";

/** A compiled rule and what was found on the way. */
export interface RuleResult {
  readonly rule: CompiledRule;
  readonly targets: readonly BackendTarget[];
  readonly uses: readonly PolicyTarget[];
  readonly problems: readonly Problem[];
  readonly refusals: readonly Refusal[];
  readonly notEnforced: readonly UnenforcedField[];
}

/** A route as the sum of its rules. */
export function joinRules(results: readonly RuleResult[]): CompiledRoute {
  const targets = new Map(results.flatMap((result) => result.targets).map((target) => [clusterName(target), target]));
  const refusals = new Map(
    results
      .flatMap((result) => result.refusals)
      .map((refusal) => [`${formatPath(refusal.path)} ${refusal.message}`, refusal]),
  );
  return {
    rules: results.map((result) => result.rule),
    targets: [...targets.values()],
    uses: distinctUses(results.flatMap((result) => result.uses)),
    problems: distinct(results.flatMap((result) => result.problems)),
    refusals: [...refusals.values()],
    dropped: [],
    notEnforced: [
      ...new Map(
        results.flatMap((result) => result.notEnforced).map((field) => [formatPath(field.path), field]),
      ).values(),
    ],
  };
}

/** Matches of one rule share its backends and their problems. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [
    ...new Map(problems.map((problem) => [`${formatPath(problem.origin.path)} ${problem.message}`, problem])).values(),
  ];
}

/** The backends that a rule with this action sends to. */
export function targetsOf(
  action: CompiledRule["action"],
  filters: CompiledFilters,
  backends: readonly RuleBackend[],
): readonly BackendTarget[] {
  if (action.kind === "respond") return [];
  if (action.kind === "redirect") return filters.externalAuth === undefined ? [] : filters.targets;
  return [...filters.targets, ...backends.flatMap(({ target }) => target ?? [])];
}

export function usesOf(filters: CompiledFilters, backends: readonly RuleBackend[]): readonly PolicyTarget[] {
  return [...filters.uses, ...backends.flatMap(({ use }) => use ?? [])];
}

export function distinctUses(uses: readonly PolicyTarget[]): readonly PolicyTarget[] {
  return [...new Map(uses.map((use) => [targetKey(use), use])).values()];
}

export function problemsOf(filters: CompiledFilters, backends: readonly RuleBackend[]): readonly Problem[] {
  return [...filters.problems, ...backends.flatMap(({ problem }) => problem ?? [])];
}

export function refusalsOf(
  ruleIndex: number,
  filters: CompiledFilters,
  backends: readonly RuleBackend[],
): readonly Refusal[] {
  return [
    ...filters.refusals.map((refusal) => ({ ...refusal, ruleIndex, wholeRule: true })),
    ...backends.flatMap(({ refusals }, index) =>
      refusals.map(({ message, path }) => ({
        ruleIndex,
        message: `backendRefs[${index}]: ${message}`,
        path,
        wholeRule: false,
      })),
    ),
  ];
}
