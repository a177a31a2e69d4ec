import type { Finding } from "../resources/finding.ts";
import { ruleOf } from "../resources/finding-codes.ts";
import { formatPath, formatReference } from "../resources/origin.ts";
import { checkAddresses } from "./check-addresses.ts";
import { checkAdmission } from "./check-admission.ts";
import { checkCertificates } from "./check-certificates.ts";
import { checkClasses } from "./check-classes.ts";
import { checkClocks } from "./check-clocks.ts";
import { checkControllers } from "./check-controllers.ts";
import { checkDefinitions } from "./check-definitions.ts";
import { checkEndpoints } from "./check-endpoints.ts";
import { checkGateways } from "./check-gateways.ts";
import { checkNetworkPolicies } from "./check-network-policies.ts";
import { checkPermissions } from "./check-permissions.ts";
import { checkProgress } from "./check-progress.ts";
import { checkProxies } from "./check-proxies.ts";
import type { Check, Facts } from "./facts.ts";

/** Everything that doctor looks at, causes before what follows from them. */
export const checks: readonly Check[] = [
  checkDefinitions,
  checkControllers,
  checkPermissions,
  checkAdmission,
  checkProgress,
  checkClasses,
  checkGateways,
  checkAddresses,
  checkProxies,
  checkNetworkPolicies,
  checkCertificates,
  checkClocks,
  checkEndpoints,
];

/** What became of one check. */
export interface Outcome {
  readonly name: string;
  readonly findings: readonly Finding[];
  /** What there is, in a few words. */
  readonly seen: string;
  /** Kinds that could not be read as a whole: what is not found may be there. */
  readonly unread: readonly string[];
}

export interface Diagnosis {
  readonly checks: readonly Outcome[];
  /** What is wrong with what people wrote, as `validate` finds it. */
  readonly written: readonly Finding[];
  /** What could not be looked at, in words. */
  readonly unread: readonly string[];
}

/** Every check, from what was read. Pure. */
export function diagnose(facts: Facts): Diagnosis {
  const told = new Set<string>();
  const outcomes = checks.map(({ name, needs, examine }): Outcome => {
    const unread = needs.filter((kind) => !["whole", "absent"].includes(facts.kinds.get(kind)?.extent ?? "refused"));
    const refused = needs.some((kind) => (facts.kinds.get(kind)?.extent ?? "refused") === "refused");
    if (refused) return { name, findings: [], seen: "", unread };
    const { findings, seen } = examine(facts);
    return { name, seen, unread, findings: findings.filter((finding) => isNew(told, finding)) };
  });
  const found = new Set(outcomes.flatMap(({ findings }) => findings.map(placeOf)));
  const refusedKinds = [...new Set(outcomes.flatMap(({ unread }) => unread))];
  return {
    checks: outcomes,
    // What doctor itself has found there, it knows the cause of.
    written: facts.findings
      .filter((finding) => !found.has(placeOf(finding)) && !isAnothers(finding))
      .map((finding) => certain(finding, facts)),
    unread: [
      ...facts.unread,
      ...(refusedKinds.length === 0 ? [] : [`You may not read all of these kinds: ${refusedKinds.join(", ")}.`]),
    ],
  };
}

/** In a cluster that could be read as a whole, what is not there is not elsewhere. */
function certain(finding: Finding, { kinds }: Facts): Finding {
  const whole = [...kinds.values()].every(({ extent }) => extent === "whole" || extent === "absent");
  return whole && ruleOf(finding.code).severity === "error" ? { ...finding, severity: "error" } : finding;
}

/** Files don't say whether another controller serves a Gateway; in a cluster its class does. */
function isAnothers({ code, origin }: Finding): boolean {
  return code === "class-of-another-controller" && origin?.resource.kind === "Gateway";
}

function isNew(told: Set<string>, finding: Finding): boolean {
  const key = `${placeOf(finding)} ${finding.message}`;
  if (told.has(key)) return false;
  told.add(key);
  return true;
}

/** One thing that is wrong with one object. */
function placeOf({ code, origin }: Finding): string {
  if (origin === undefined) return code;
  const path = code === "no-endpoints" ? "" : formatPath(origin.path);
  return `${code} ${formatReference(origin.resource)} ${path}`;
}
