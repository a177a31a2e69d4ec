import { setTimeout as wait } from "node:timers/promises";
import { clusterMetrics } from "../../src/admin/metrics/cluster-metrics.ts";
import { createMetrics } from "../../src/admin/metrics/metrics.ts";
import { Cluster } from "../../src/cluster/cluster.ts";
import { ownedKinds, ownedResources } from "../../src/cluster/owned-objects.ts";
import { silent } from "../../src/fleet/logger.ts";
import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { FakeApiServer } from "../../src/kubernetes/testing/fake-api-server.ts";
import { kinds } from "../../src/resources/kinds.ts";
import { PlayedEnvoy } from "../../src/xds/testing/played-envoy.ts";

/** What a change made the controller do, by its own metrics. */
export interface Cost {
  /** Events that came on its watches: those of its own writes, too. */
  readonly events: number;
  readonly derivations: number;
  readonly hostTables: number;
  /** xDS responses, and the resources and bytes in them. */
  readonly responses: number;
  readonly resources: number;
  readonly bytes: number;
  /** Statuses written. */
  readonly statusWrites: number;
  /** All other writes to the API server, leader election aside. */
  readonly otherWrites: number;
}

/**
 * The whole controller in this process, as `gatewright controller` puts it together, between an API server that is played and an
 * Envoy that is played: objects come over HTTP, status is written over HTTP, and only the connection to Envoy is a function call.
 */
export interface CountedCluster {
  readonly server: FakeApiServer;
  /** Makes a change, waits until nothing happens any more, and tells what happened; and the time that the derivations took. */
  cost(change: (server: FakeApiServer) => void): Promise<{ readonly cost: Cost; readonly transactionMs: number }>;
  /** Derivations by collection since the start. */
  derivations(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const leases = { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true };
const events = { group: "events.k8s.io", version: "v1", kind: "Event", plural: "events", namespaced: true };
const writeVerbs = ["POST", "PUT", "PATCH", "DELETE"];
/** Longer than anything waits for more: the source for the end of a burst, writers for more of the same. */
const quietMs = 100;
/** What has not come to rest by then never will. */
const patienceMs = 300_000;

type Labels = Readonly<Partial<Record<string, string | number>>>;
/** A metric, and which of its samples count. */
type Figure = readonly [metric: string, counts?: (labels: Labels) => boolean];

const figures = {
  events: ["gatewright_kubernetes_watch_events_total"],
  derivations: ["gatewright_derivations_total"],
  hostTables: ["gatewright_derivations_total", ({ collection }) => collection === "hostTables"],
  responses: ["gatewright_xds_pushes_total"],
  resources: ["gatewright_xds_push_resources_total"],
  bytes: ["gatewright_xds_push_bytes_total"],
  statusWrites: ["gatewright_status_writes_total", ({ result }) => result === "written"],
  writes: [
    "gatewright_kubernetes_requests_total",
    ({ verb, resource }) => writeVerbs.includes(String(verb)) && resource !== leases.plural,
  ],
  seconds: ["gatewright_transaction_seconds_sum"],
} satisfies Readonly<Record<string, Figure>>;

/** @param gateway `namespace/name` of the one whose Envoy is played */
export async function startCountedCluster(objects: readonly ApiObject[], gateway: string): Promise<CountedCluster> {
  const server = await FakeApiServer.start();
  for (const kind of kinds) server.serve(kind);
  for (const kind of ownedKinds) server.offer(ownedResources[kind]);
  server.offer(leases);
  server.offer(events);
  for (const object of objects) server.put(object);

  let started: Cluster | undefined;
  const metrics = createMetrics("bench");
  const { requested, received, statusWritten } = clusterMetrics(metrics.instruments, () => started);
  const client = server.client({ requested, received });
  const namespace = "gatewright-system";
  const cluster = await Cluster.create({
    client,
    logger: silent,
    namespace,
    identity: "bench",
    proxy: { image: "envoy", xds: { host: "127.0.0.1", port: 18000, serverName: `gatewright.${namespace}.svc` } },
    xds: { host: "127.0.0.1", port: 0 },
    // What nobody names any more stays for a while, which would be counted with the next change.
    sessions: { lingerMilliseconds: 1 },
    observer: metrics.observer,
    applied: metrics.applied,
    statusWritten,
  });
  started = cluster;
  metrics.follow({ controlPlane: cluster.controlPlane, proxies: cluster.xds.delivery });
  await cluster.start();
  const envoy = new PlayedEnvoy(cluster.xds.delivery, {
    resources: cluster.controlPlane.envoyResources,
    proxy: gateway,
  });

  // The sum of a histogram is a sample of it under a name of its own.
  const samples = async (name: string) => {
    const { values = [] } = (await metrics.registry.getSingleMetric(name.replace(/_sum$/, ""))?.get()) ?? {};
    return values.filter((value) => !("metricName" in value) || value.metricName === name);
  };
  const count = async ([metric, counts = () => true]: Figure) =>
    (await samples(metric)).reduce((sum, { labels, value }) => sum + (counts(labels) ? value : 0), 0);
  const counts = async () =>
    Object.fromEntries(
      await Promise.all(Object.entries(figures).map(async ([name, figure]) => [name, await count(figure)] as const)),
    );
  const isQuiet = async () =>
    server.unanswered === 0 &&
    (await count(figures.events)) === server.sent &&
    cluster.leads &&
    Object.values(cluster.backlogs).every(({ keys }) => keys === 0) &&
    cluster.xds.delivery.status(gateway).settled;
  const settled = async () => {
    let since: number | undefined;
    let checks = 0;
    const deadline = performance.now() + patienceMs;
    // On a busy machine one pause may take as long as all of them should.
    while (since === undefined || checks < 10 || performance.now() - since < quietMs) {
      if (performance.now() > deadline) throw new Error("the cluster does not come to rest");
      envoy.answer();
      if (await isQuiet()) {
        since ??= performance.now();
        checks += 1;
      } else {
        since = undefined;
        checks = 0;
      }
      await wait(2);
    }
  };
  await settled();
  makeReady(server, gateway);
  await settled();
  return {
    server,
    cost: async (change) => {
      const before = await counts();
      change(server);
      await settled();
      const after = await counts();
      const of = (name: keyof typeof figures) => (after[name] ?? 0) - (before[name] ?? 0);
      const cost = {
        events: of("events"),
        derivations: of("derivations"),
        hostTables: of("hostTables"),
        responses: of("responses"),
        resources: of("resources"),
        bytes: of("bytes"),
        statusWrites: of("statusWrites"),
        otherWrites: of("writes") - of("statusWrites"),
      };
      return { cost, transactionMs: of("seconds") * 1000 };
    },
    derivations: () => cluster.controlPlane.graph.runs(),
    stop: async () => {
      await cluster.stop();
      client.close();
      await server.close();
    },
  };
}

/** What kubelet and a load balancer tell of what a Gateway was given. */
function makeReady(server: FakeApiServer, gateway: string): void {
  const [namespace = "", name = ""] = gateway.split("/");
  const metadata = { namespace, name: `${name}-gatewright` };
  const deployment = server.get({ apiVersion: "apps/v1", kind: "Deployment", metadata });
  const service = server.get({ apiVersion: "v1", kind: "Service", metadata });
  if (deployment === undefined || service === undefined) throw new Error(`Gateway ${gateway} was given nothing`);
  const { generation: observedGeneration } = deployment.metadata;
  server.put({ ...deployment, status: { observedGeneration, replicas: 1, readyReplicas: 1 } });
  server.put({ ...service, status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } });
}
