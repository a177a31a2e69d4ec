import type { Rule } from "../ir/rule.ts";
import type { FieldPath } from "../resources/origin.ts";
import type { BackendTarget } from "./backend.ts";
import type { Redirect } from "./filters/redirect.ts";
import type { GrpcMethod } from "./match.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";

/** One match of a rule with its meaning, but for what depends on the listener that serves it. */
export interface CompiledRule extends Omit<Rule, "action"> {
  readonly action: Exclude<Rule["action"], { readonly kind: "redirect" }> | ({ readonly kind: "redirect" } & Redirect);
  readonly grpcMethod?: GrpcMethod;
  readonly ruleIndex: number;
  readonly matchIndex: number;
}

/** What an HTTPRoute or GRPCRoute means, wherever it is attached. */
export interface CompiledRoute {
  readonly rules: readonly CompiledRule[];
  /** Every backend that some rule sends to. */
  readonly targets: readonly BackendTarget[];
  /** Every backend that some rule names, whether it can be sent to or not. */
  readonly uses: readonly PolicyTarget[];
  readonly problems: readonly Problem[];
  /** Rules that ask for what Gatewright can't do; they answer 500, for leaving a part of them out could let requests through. */
  readonly refusals: readonly Refusal[];
  /** Matches that no request can have. */
  readonly dropped: readonly DroppedMatch[];
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly UnenforcedField[];
}

/** Something that a rule asks for and that can't be done. */
export interface Refusal {
  readonly ruleIndex: number;
  readonly message: string;
  /** Of the filter. */
  readonly path: FieldPath;
  /** Whether every request of the rule is answered with 500, or only the share of one backend. */
  readonly wholeRule: boolean;
}

/** A match that is left out; the message names the field in it that can't be used. */
export interface DroppedMatch {
  readonly ruleIndex: number;
  readonly path: FieldPath;
  readonly message: string;
}
