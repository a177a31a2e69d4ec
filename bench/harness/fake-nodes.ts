import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import type { KubernetesClient } from "../../src/kubernetes/client.ts";
import { microTime } from "../../src/kubernetes/micro-time.ts";
import { resourceFor } from "./api-resources.ts";
import { createObjects, writeStatus } from "./write-objects.ts";

/** A label and a taint: only pods that name their node come to one that is fake. */
const fake = "gatewright.dev/fake";

/** Kubernetes gives a node up that was not heard of for 40 s. */
const heartbeatMs = 10_000;

/** Nodes that nobody runs: pods that name one get the status that we give them, as if they ran. */
export interface FakeNodes {
  /** A pod with a label `app`, on one of the nodes. */
  readonly pod: (name: { readonly namespace: string; readonly name: string }, app: string) => ApiObject;
  /** Makes a pod and says that it runs and is ready, under an address of its own at which nobody answers. */
  readonly run: (pod: ApiObject) => Promise<void>;
  /** The same of a pod that is there: of a Deployment, say, whose pods the scheduler brought to one of the nodes. */
  readonly admit: (pod: ApiObject) => Promise<void>;
  readonly close: () => void;
}

/** Makes nodes and keeps them alive until they are closed. */
export async function startFakeNodes(client: KubernetesClient, count: number): Promise<FakeNodes> {
  const names = Array.from({ length: count }, (_, index) => `fake-${index}`);
  await createObjects(client, names.flatMap(nodeObjects));
  await Promise.all(names.map((name) => sayReady(client, name)));
  const beat = () => Promise.all(names.map((name) => renewLease(client, name)));
  // One that fails is made up for by the next.
  const heartbeat = setInterval(() => void beat().catch(() => {}), heartbeatMs);
  let pods = 0;
  let addresses = 0;
  const admit = async (pod: ApiObject) => {
    addresses += 1;
    await writeStatus(client, pod, runningStatus(address(addresses)));
  };
  return {
    pod: ({ namespace, name }, app) => {
      pods += 1;
      return podObject({ namespace, name }, app, names[pods % count] ?? "");
    },
    run: async (pod) => {
      await createObjects(client, [pod]);
      await admit(pod);
    },
    admit,
    close: () => clearInterval(heartbeat),
  };
}

/** In 10.128.0.0/10, which no test cluster uses. */
function address(index: number): string {
  return `10.${128 + ((index >> 16) & 63)}.${(index >> 8) & 255}.${index & 255}`;
}

function nodeObjects(name: string): readonly ApiObject[] {
  return [
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { [fake]: "true" } },
      spec: { taints: [{ key: fake, effect: "NoSchedule" }] },
    },
    {
      ...leaseOf(name),
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() },
    },
  ];
}

/** As kubelets do it: whoever watches nodes hears nothing of it. */
async function renewLease(client: KubernetesClient, name: string): Promise<void> {
  const lease = leaseOf(name);
  await client.mergePatch(resourceFor(lease), lease.metadata, { spec: { renewTime: microTime() } });
}

function leaseOf(name: string) {
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace: "kube-node-lease", name } };
}

async function sayReady(client: KubernetesClient, name: string): Promise<void> {
  const now = new Date().toISOString();
  const condition = { type: "Ready", status: "True", reason: "Fake", message: "", lastHeartbeatTime: now };
  const capacity = { cpu: "1000", memory: "1Ti", pods: "100000" };
  const status = { capacity, allocatable: capacity, conditions: [{ ...condition, lastTransitionTime: now }] };
  await writeStatus(client, { apiVersion: "v1", kind: "Node", metadata: { name } }, status);
}

function podObject(
  metadata: { readonly namespace: string; readonly name: string },
  app: string,
  nodeName: string,
): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, labels: { app } },
    spec: { nodeName, ...fakePodSpec },
  };
}

const fakePodSpec = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  // It goes when it is deleted: there is no kubelet that would say that it has ended.
  terminationGracePeriodSeconds: 0,
  tolerations: [{ operator: "Exists" }],
  containers: [{ name: "app", image: "gatewright.dev/nothing:0", ports: [{ containerPort: 8080 }] }],
} as const;

/** A Deployment whose pods, labelled `app: NAME`, come to fake nodes. They run when they are {@link FakeNodes.admit}ted. */
export function fakeDeployment(
  metadata: { readonly namespace: string; readonly name: string },
  replicas: number,
): ApiObject {
  const labels = { app: metadata.name };
  const spec = { nodeSelector: { [fake]: "true" }, ...fakePodSpec };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function runningStatus(podIP: string): object {
  const now = new Date().toISOString();
  const isTrue = (type: string) => ({ type, status: "True", lastTransitionTime: now });
  return {
    phase: "Running",
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(isTrue),
    containerStatuses: [
      {
        name: "app",
        image: "gatewright.dev/nothing:0",
        imageID: "",
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      },
    ],
  };
}
