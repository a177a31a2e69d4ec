/**
 * Many small applications, each a Service with a route and a pod on a fake node, and their changes; as pilot-load does for
 * gateway-api-bench's route scale test.
 *
 *     KUBECONFIG=… node applications.ts '{"namespaces": 50, "applications": 100, "nodes": 20}'
 *
 * Says `ready` when all are made. Told `churn`, it changes the path of a random route each second, and replaces a random pod each two
 * seconds; told `rest`, it stops that. Prints what it did when its standard input ends.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { resourceFor } from "../../harness/api-resources.ts";
import { startFakeNodes } from "../../harness/fake-nodes.ts";
import { inParallel } from "../../harness/in-parallel.ts";
import { httpRoute, namespaceObjects, service } from "../../harness/objects.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";

export interface ApplicationsArgument {
  readonly namespaces: number;
  /** In each namespace. */
  readonly applications: number;
  /** Fake ones, over which the pods are spread. */
  readonly nodes: number;
}

export interface ApplicationsResult {
  /** How many routes were changed, and pods replaced. */
  readonly routes: number;
  readonly pods: number;
  /** Of the time in which it was told to. */
  readonly churnSeconds: number;
}

const routeEveryMs = 1_000;
const podEveryMs = 2_000;

const argument: ApplicationsArgument = JSON.parse(process.argv[2] ?? "");
const client = administrator();
const applications = Array.from({ length: argument.namespaces }, (_, space) =>
  Array.from({ length: argument.applications }, (__, index) => ({ namespace: `mesh-${space}`, name: `app-${index}` })),
).flat();
type Application = (typeof applications)[number];

const nodes = await startFakeNodes(client, argument.nodes);
/** Of the pod that each application has now. */
const generations = new Map<Application, number>();
let routes = 0;
let pods = 0;
let churnMs = 0;
let churning = false;

console.error(`making ${applications.length} applications`);
const spaces = new Set(applications.map(({ namespace }) => namespace));
const ofSpaces = [...spaces].flatMap(namespaceObjects);
// First the namespaces, then what is in them, for several are made at once.
await createObjects(
  client,
  ofSpaces.filter(({ kind }) => kind === "Namespace"),
);
await createObjects(client, ofSpaces);
await createObjects(client, applications.map(service));
await inParallel(applications, 16, async (application) => {
  await nodes.run(podOf(application));
  await createObjects(client, [routeOf(application)]);
});
console.log("ready");

const stop = new AbortController();
const paces = [every(routeEveryMs, changeRoute), every(podEveryMs, replacePod)];
const input = createInterface({ input: process.stdin });
let since = 0;
input.on("line", (line) => {
  if (churning) churnMs += performance.now() - since;
  since = performance.now();
  churning = line === "churn";
});
await once(input, "close");
if (churning) churnMs += performance.now() - since;
stop.abort();
await Promise.all(paces);
nodes.close();
client.close();
console.log(JSON.stringify({ routes, pods, churnSeconds: churnMs / 1000 } satisfies ApplicationsResult));

/** Works at this pace on the average, give or take a fifth, while there is to be churn. */
async function every(milliseconds: number, work: (application: Application) => Promise<void>): Promise<void> {
  let next = performance.now();
  while (!stop.signal.aborted) {
    next = Math.max(next, performance.now() - milliseconds) + milliseconds * (0.8 + 0.4 * Math.random());
    await wait(Math.max(0, next - performance.now()), undefined, { signal: stop.signal }).catch(() => {});
    const application = applications[Math.floor(Math.random() * applications.length)];
    if (churning && !stop.signal.aborted && application !== undefined) await work(application);
  }
}

async function changeRoute(application: Application): Promise<void> {
  const route = routeOf(application);
  await client.mergePatch(resourceFor(route), application, { spec: route["spec"] });
  routes += 1;
}

async function replacePod(application: Application): Promise<void> {
  const { namespace } = application;
  const old = podName(application);
  generations.set(application, (generations.get(application) ?? 0) + 1);
  const pod = podOf(application);
  await nodes.run(pod);
  await client.delete(resourceFor(pod), { namespace, name: old });
  pods += 1;
}

function podName(application: Application): string {
  return `${application.name}-${generations.get(application) ?? 0}`;
}

function podOf(application: Application) {
  return nodes.pod({ namespace: application.namespace, name: podName(application) }, application.name);
}

/** With another path each time. */
function routeOf({ namespace, name }: Application) {
  const value = `/${Math.floor(Math.random() * 1e9)}`;
  const rule = { matches: [{ path: { type: "PathPrefix", value } }], backendRefs: [{ name, port: 80 }] };
  return httpRoute({ namespace, name }, `${name}.${namespace}.example.com`, [rule]);
}
