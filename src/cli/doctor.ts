import { readSemantics } from "../analyse/analyse.ts";
import { usedServices } from "../analyse/services.ts";
import { type Diagnosis, diagnose } from "../doctor/diagnose.ts";
import { readFacts } from "../doctor/read-facts.ts";
import { inCluster } from "../infrastructure/placement.ts";
import { AccessError } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import { isError } from "../resources/mistake.ts";
import { analyseCluster, readObjects } from "./analyse-cluster.ts";
import { chooseOrigin, type OriginOptions } from "./choose-origin.ts";
import { diagnosisJson, diagnosisText, stateOf } from "./print-diagnosis.ts";
import type { Output } from "./print-findings.ts";
import { UsageError } from "./usage-error.ts";

export interface DoctorOptions extends OriginOptions {
  readonly output: "text" | "json";
  /** Warnings fail, too. */
  readonly strict: boolean;
  readonly stdout?: Output;
  readonly stderr?: Output;
}

/**
 * Looks at everything that keeps Gateways from serving, and prints what is wrong, why, and what to do.
 *
 * @returns the exit code: 0 healthy, 1 problems, 2 none was found, and not everything could be looked at
 * @throws UsageError if the cluster can't be asked
 */
export async function doctor(options: DoctorOptions): Promise<0 | 1 | 2> {
  const { output, strict, stdout = process.stdout, stderr = process.stderr } = options;
  const origin = await chooseOrigin(options);
  if (origin.from !== "cluster")
    throw new UsageError("doctor looks at clusters: name one with --kubeconfig or --context.");
  const progress = (what: string): void => {
    if (stderr.isTTY === true && output === "text") stderr.write(`\r\u001b[K${what} …`);
  };
  try {
    const diagnosis = await diagnoseCluster(origin.access, origin.namespace, progress);
    if (stderr.isTTY === true && output === "text") stderr.write("\r\u001b[K");
    stdout.write(
      output === "json"
        ? `${JSON.stringify(diagnosisJson(diagnosis), undefined, 2)}\n`
        : diagnosisText(diagnosis, stdout),
    );
    const all = [...diagnosis.checks.flatMap(({ findings }) => findings), ...diagnosis.written];
    if (all.some((finding) => strict || isError(finding))) return 1;
    return diagnosis.checks.some((outcome) => stateOf(outcome) === "not-looked") ? 2 : 0;
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof AccessError)) throw error;
    throw new UsageError(`${error.message} (${origin.access.origin})`);
  }
}

async function diagnoseCluster(
  access: ConstructorParameters<typeof KubernetesClient>[0],
  namespace: string,
  progress: (what: string) => void,
): Promise<Diagnosis> {
  progress("reading what is served");
  const { kinds, objects, findings, incomplete } = await readObjects(access, namespace);
  const client = new KubernetesClient(access);
  try {
    const facts = await readFacts(client, {
      served: kinds,
      findings: [...findings, ...analyseCluster(objects, incomplete)],
      usedServices: usedServices(readSemantics(objects, inCluster)),
      progress,
    });
    return diagnose(facts);
  } finally {
    client.close();
  }
}
