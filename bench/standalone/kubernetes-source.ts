/**
 * What following a cluster costs, against a stand-in for an API server in a process of its own: the first list of many
 * HTTPRoutes until everything is derived from them, and single changes until they are.
 *
 *     node bench/standalone/kubernetes-source.ts [--routes 10000]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ControlPlane } from "../../src/control-plane/control-plane.ts";
import { resourceKinds } from "../../src/gateway/inputs.ts";
import { inCluster } from "../../src/infrastructure/placement.ts";
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { FakeApiServer } from "../../src/kubernetes/testing/fake-api-server.ts";
import { kinds } from "../../src/resources/kinds.ts";
import { watchCluster } from "../../src/sources/kubernetes/watch-cluster.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { report } from "../harness/report.ts";
import { percentile } from "../harness/statistics.ts";

const apiVersion = "gateway.networking.k8s.io/v1";
const { values } = parseArgs({ options: { ...commonOptions, routes: { type: "string", default: "10000" } } });
const count = Number(values.routes);
const changes = 200;

if (process.send === undefined) await measure();
else await serve();

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, ["--routes", String(count)]);
  const [url]: unknown[] = await once(child, "message");
  const client = new KubernetesClient({
    server: String(url),
    namespace: "default",
    origin: "a bench",
    insecure: false,
    credential: async () => ({ headers: {} }),
    refused: () => {},
  });
  const controlPlane = new ControlPlane({ placement: inCluster });
  const delays: number[] = [];
  const before = process.cpuUsage();
  const started = performance.now();
  const source = watchCluster(
    client,
    {
      apply: (batch) => {
        controlPlane.apply(batch);
        const now = Date.now();
        for (const { object } of batch.changes) {
          const sent = object?.metadata.annotations?.["sent"];
          if (sent !== undefined) delays.push(now - Number(sent));
        }
      },
    },
    { kinds: kinds.filter(({ kind }) => resourceKinds.some((known) => known === kind)) },
  );
  await source.ready;
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const memory = process.memoryUsage().rss;
  const beforeChanges = process.cpuUsage();
  child.send("change");
  while (delays.length < changes) await wait(20);
  const ofChanges = process.cpuUsage(beforeChanges);
  await source.close();
  client.close();
  child.kill();
  await once(child, "close");
  const row = [
    String(count),
    `${seconds.toFixed(2)} s`,
    `${((user + system) / 1e6).toFixed(2)} s`,
    `${(memory / 1e6).toFixed(0)} MB`,
    ...[50, 99].map((percent) => `${percentile(delays, percent)} ms`),
    `${((ofChanges.user + ofChanges.system) / 1_000 / changes).toFixed(1)} ms`,
  ];
  await report(outputOf(values.output), {
    benchmark: "kubernetes-source",
    tables: [
      { headings: ["HTTPRoutes", "first batch", "of it CPU", "RSS", "change p50", "p99", "its CPU"], rows: [row] },
    ],
    limits: [],
  });
}

async function serve(): Promise<void> {
  const server = await FakeApiServer.start();
  for (const kind of kinds) server.serve(kind);
  server.put({
    apiVersion,
    kind: "GatewayClass",
    metadata: { name: "gatewright" },
    spec: { controllerName: "gatewright.dev/gateway-controller" },
  });
  server.put({
    apiVersion,
    kind: "Gateway",
    metadata: { namespace: "shop", name: "public", generation: 1 },
    spec: { gatewayClassName: "gatewright", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  });
  server.put({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: "web" },
    spec: { ports: [{ port: 80, protocol: "TCP", targetPort: 8080 }] },
  });
  for (let index = 0; index < count; index++) server.put(route(index, 1));
  process.send?.(server.url);
  await once(process, "message");
  for (let index = 0; index < changes; index++) {
    server.put(route(index, 2));
    await wait(5);
  }
}

function route(index: number, generation: number) {
  return {
    apiVersion,
    kind: "HTTPRoute",
    metadata: {
      namespace: "shop",
      name: `route-${index}`,
      generation,
      ...(generation > 1 && { annotations: { sent: String(Date.now()) } }),
    },
    spec: {
      parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "public" }],
      hostnames: [`host-${index}.example.com`],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: `/v${generation}` } }],
          backendRefs: [{ group: "", kind: "Service", name: "web", port: 80, weight: 1 }],
        },
      ],
    },
  };
}
