/**
 * Many routes to one Service, whose pods, on fake nodes, are replaced by a rollout of their Deployment.
 *
 *     KUBECONFIG=… node roll-deployment.ts '{"routes": 10000, "pods": 100, "nodes": 20}'
 *
 * Says `ready` when all is made. Each time that it is told anything, it rolls the Deployment, and says `rolled 1`, `rolled 2` … when all
 * pods are others. Prints how long each took when its standard input ends.
 */
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { type ReflectedChange, Reflector, type ReflectorFailure } from "../../../src/kubernetes/reflector.ts";
import { field } from "../../../src/resources/field.ts";
import { resourceFor } from "../../harness/api-resources.ts";
import { fakeDeployment, startFakeNodes } from "../../harness/fake-nodes.ts";
import { httpRoute, rolledService, service } from "../../harness/objects.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";
import { addressesOf } from "./ready-addresses.ts";

export interface RollDeploymentArgument {
  readonly routes: number;
  readonly pods: number;
  /** Fake ones, over which the pods are spread. */
  readonly nodes: number;
}

/** What it prints: seconds, of each rollout. */
export type RollDeploymentResult = readonly number[];

const { routes, pods, nodes }: RollDeploymentArgument = JSON.parse(process.argv[2] ?? "");
const metadata = rolledService;
const deployment = fakeDeployment(metadata, pods);
const client = administrator();
const fakes = await startFakeNodes(client, nodes);
const stop = new AbortController();

/** Addresses that are ready, by slice. */
const slices = new Map<string, ReadonlySet<string>>();
const watching = Promise.all([admitPods(), followSlices()]);

await createObjects(client, [service(metadata), deployment]);
console.error(`making ${routes} routes`);
await createObjects(
  client,
  Array.from({ length: routes }, (_, index) => routeOf(index)),
);
await until(() => readyAddresses().size === pods);
console.log("ready");

const rollouts: number[] = [];
for await (const _ of createInterface({ input: process.stdin })) {
  rollouts.push(await roll(rollouts.length + 1));
  console.log(`rolled ${rollouts.length}`);
}
console.log(JSON.stringify(rollouts satisfies RollDeploymentResult));
stop.abort();
fakes.close();
await watching;
client.close();

async function roll(number: number): Promise<number> {
  const old = readyAddresses();
  const started = performance.now();
  const template = { metadata: { annotations: { rollout: String(number) } } };
  await client.mergePatch(resourceFor(deployment), metadata, { spec: { template } });
  await until(() => {
    const now = readyAddresses();
    return now.size === pods && [...old].every((address) => !now.has(address));
  });
  return (performance.now() - started) / 1000;
}

function followSlices(): Promise<void> {
  return follow("discovery.k8s.io/v1", "EndpointSlice", `kubernetes.io/service-name=${metadata.name}`, (all) => {
    for (const { key, object } of all) slices.set(key, object === undefined ? new Set() : addressesOf(object));
  });
}

function admitPods(): Promise<void> {
  const admitted = new Set<string>();
  return follow("v1", "Pod", `app=${metadata.name}`, (all) => {
    for (const { key, object } of all) {
      if (field(object, "spec", "nodeName") === undefined || admitted.has(key)) continue;
      admitted.add(key);
      const name = key.slice(key.indexOf("/") + 1);
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name } };
      fakes.admit(pod).catch((error: unknown) => console.error(`${name}: ${String(error)}`));
    }
  });
}

/** A watch that ends, as those of a busy API server do, goes on where it was. */
function follow(
  apiVersion: string,
  kind: string,
  labelSelector: string,
  apply: (all: readonly ReflectedChange[]) => void,
): Promise<void> {
  const resource = resourceFor({ apiVersion, kind });
  const failed = ({ error }: ReflectorFailure) => console.error(`watching ${kind}s: ${String(error)}`);
  const { namespace } = metadata;
  return new Reflector({ client, resource, namespace, labelSelector, apply, failed }).run(stop.signal);
}

function readyAddresses(): ReadonlySet<string> {
  return new Set([...slices.values()].flatMap((addresses) => [...addresses]));
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 600_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("not within ten minutes");
    await wait(20);
  }
}

/** Names that a poll of Envoy can choose one by, where each route has a cluster of its own. */
function routeOf(index: number): ApiObject {
  const name = `churn-${index}`;
  const rules = [{ backendRefs: [{ name: metadata.name, port: 80 }] }];
  return httpRoute({ namespace: metadata.namespace, name }, `${name}.example.com`, rules);
}
