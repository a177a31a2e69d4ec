import type { ApiObject } from "../kubernetes/api-object.ts";
import { counted } from "../resources/counted.ts";
import type { Finding } from "../resources/finding.ts";
import type { FindingCode } from "../resources/finding-codes.ts";
import { isAbout } from "./check-gateways.ts";
import type { Diagnosis, Outcome } from "./diagnose.ts";
import { problem } from "./facts.ts";
import { metric } from "./metrics.ts";
import { isRefusal, refusals } from "./refusals.ts";
import { conditionOf } from "./workload-trouble.ts";

/** What a Gatewright that runs on a machine says of itself. */
export interface InstanceFacts {
  /** Of its admin interface. */
  readonly address: string;
  /** What is missing before it serves, in its words; empty when it does. */
  readonly missing: string;
  /** Its metrics, in Prometheus' format. */
  readonly metrics: string;
  /** Whether it runs an Envoy itself, as `gatewright controller` does not. */
  readonly hasEnvoy: boolean;
  /** Why its Envoy does not answer; absent if it does. */
  readonly envoyProblem?: string;
  readonly objects: readonly ApiObject[];
  readonly findings: readonly Finding[];
}

/** What can be found besides what is written. */
export const instanceCodes: readonly FindingCode[] = [
  "instance-not-ready",
  "envoy-not-running",
  "not-programmed",
  "configuration-refused",
];

/** Everything that can be said of a Gatewright without a cluster. Pure. */
export function diagnoseInstance(facts: InstanceFacts): Diagnosis {
  const gateways = facts.objects.filter(({ kind }) => kind === "Gateway");
  const programmed = gateways.filter((gateway) => conditionOf(gateway, "Programmed")?.status === "True");
  return {
    checks: [
      outcome("Instance", facts.address, notReady(facts)),
      ...(facts.hasEnvoy ? [outcome("Envoy", facts.envoyProblem === undefined ? "answers" : "", envoy(facts))] : []),
      outcome(
        "Gateways",
        `${programmed.length} of ${gateways.length} programmed`,
        gateways.flatMap((each) => notProgrammed(each, facts)),
      ),
      outcome("Configuration", counted(facts.objects.length, "object"), refusals(facts.objects)),
    ],
    written: facts.findings,
    unread: [],
  };
}

function outcome(name: string, seen: string, findings: readonly Finding[]): Outcome {
  return { name, seen, findings, unread: [] };
}

function notReady({ missing, address }: InstanceFacts): readonly Finding[] {
  if (missing === "") return [];
  const message = `The Gatewright at ${address} does not serve yet: ${missing}`;
  return [{ severity: "error", code: "instance-not-ready", message, remedy: "Its log says what it waits for." }];
}

function envoy({ envoyProblem, metrics }: InstanceFacts): readonly Finding[] {
  if (envoyProblem !== undefined) {
    const remedy =
      "The log of `gatewright run` has what Envoy said last; gatewright version names the Envoy that it wants.";
    return [{ severity: "error", code: "envoy-not-running", message: envoyProblem, remedy }];
  }
  const restarts = metric(metrics, "gatewright_envoy_restarts_total") ?? 0;
  if (restarts === 0) return [];
  const message = `Envoy ended and was started again, ${counted(restarts, "time")}.`;
  const remedy =
    "The log of `gatewright run` has what Envoy said before; an Envoy that is killed had too little memory, most often.";
  return [{ severity: "warning", code: "envoy-not-running", message, remedy }];
}

function notProgrammed(gateway: ApiObject, { missing, findings }: InstanceFacts): readonly Finding[] {
  const condition = conditionOf(gateway, "Programmed");
  if (condition === undefined || condition.status === "True" || missing !== "") return [];
  // What is written has its own finding, and so has what Envoy refused.
  if (isRefusal(condition.message) || findings.some((finding) => isAbout(finding, gateway))) return [];
  const message = `Programmed is ${condition.status} (${condition.reason}): ${condition.message}`;
  const { namespace = "default", name } = gateway.metadata;
  return [problem("not-programmed", gateway, message, `gatewright describe gateway ${name} -n ${namespace}`)];
}
