import { readSemantics } from "../analyse/analyse.ts";
import { usedServices } from "../analyse/services.ts";
import { type Diagnosis, diagnose } from "../doctor/diagnose.ts";
import { diagnoseInstance, type InstanceFacts } from "../doctor/diagnose-instance.ts";
import { readFacts } from "../doctor/read-facts.ts";
import { inCluster } from "../infrastructure/placement.ts";
import { AccessError } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import { isError } from "../resources/mistake.ts";
import { analyseCluster, readObjects } from "./analyse-cluster.ts";
import { chooseOrigin, type Origin, type OriginOptions } from "./choose-origin.ts";
import { diagnosisJson, diagnosisText, stateOf } from "./print-diagnosis.ts";
import type { Output } from "./print-findings.ts";
import { queryEverything } from "./query-objects.ts";
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
  const progress = (what: string): void => {
    if (stderr.isTTY === true && output === "text") stderr.write(`\r\u001b[K${what} …`);
  };
  try {
    const diagnosis =
      origin.from === "cluster"
        ? await diagnoseCluster(origin.access, origin.namespace, progress)
        : diagnoseInstance(await instanceFacts(addressOf(origin)));
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
    throw new UsageError(origin.from === "cluster" ? `${error.message} (${origin.access.origin})` : error.message);
  }
}

/** Doctor looks at what runs; files do not. */
function addressOf(origin: Exclude<Origin, { from: "cluster" }>): string {
  if (origin.from === "instance") return origin.address;
  throw new UsageError("doctor looks at what runs; gatewright validate PATH says what is wrong with files.");
}

/** @throws UsageError if nothing answers there */
async function instanceFacts(address: string): Promise<InstanceFacts> {
  const { objects, findings } = await queryEverything({ from: "instance", address, namespace: "default" }, "default");
  const [ready, metrics, envoy] = await Promise.all(
    ["/readyz", "/metrics", "/metrics/envoy"].map(async (path) => {
      const response = await fetch(`http://${address}${path}`);
      return { status: response.status, ok: response.ok, body: (await response.text()).trim() };
    }),
  );
  return {
    address,
    missing: ready?.ok === true ? "" : (ready?.body ?? ""),
    metrics: metrics?.body ?? "",
    hasEnvoy: envoy?.status !== 404,
    ...(envoy?.ok !== true && { envoyProblem: envoy?.body ?? "" }),
    objects: objects.map((object): ApiObject => ({ ...object, metadata: { ...object.metadata } })),
    findings,
  };
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
