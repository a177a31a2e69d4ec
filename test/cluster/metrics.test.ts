import { deepEqual, equal, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { dashboards } from "../../scripts/dashboards.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { type Prometheus, startPrometheus } from "./fixtures/prometheus.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const metadata = (name: string) => ({ name, namespace: "shop" });
const app = { app: "users" };

const users = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata("users"),
    spec: { selector: app, ports: [{ port: 9000, appProtocol: "kubernetes.io/h2c" }] },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata("users"),
    spec: {
      selector: { matchLabels: app },
      template: {
        metadata: { labels: app },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: "users",
              image: "gatewright.dev/gatewright:test",
              command: [
                "/opt/gatewright/node_modules/.bin/node",
                "/opt/gatewright/test/cluster/fixtures/grpc-backend.ts",
              ],
              readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GRPCRoute",
    metadata: metadata("users"),
    spec: {
      parentRefs: [{ name: "edge" }],
      // A host that an HTTPRoute serves, too, is the older route's alone.
      hostnames: ["users.example.com"],
      rules: [
        {
          matches: [{ method: { service: "user.v1.UserService", method: "GetUser" } }],
          backendRefs: [{ name: "users", port: 9000 }],
        },
      ],
    },
  },
];

/** The machine may be busy with other things. */
const soon = <Value>(attempt: () => Promise<Value>) => eventually(attempt, 120_000);

describe("a real Prometheus in a cluster", { ...needsRoot, timeout: 480_000 }, () => {
  let shop: Shop;
  let prometheus: Prometheus;
  let calls: ChildProcess;
  let changes: Promise<void> = Promise.resolve();
  const ended = new AbortController();

  before(async () => {
    shop = await startShop({ name: "metrics-test" });
    await shop.cluster.apply(...users);
    prometheus = await startPrometheus(shop.cluster);
    await shop.kubectl("rollout", "status", "deployment/users", "--timeout=120s");
    const script = join(fixtures, "mixed-calls.ts");
    const [program = "", ...args] = shop.cluster.commandLine([process.execPath, script, shop.address]);
    calls = spawn(program, args, { stdio: ["pipe", "inherit", "inherit"] });
    changes = keepChanging(shop, ended.signal);
  });
  after(async () => {
    ended.abort();
    await changes;
    if (calls !== undefined && calls.exitCode === null) {
      calls.stdin?.end();
      await once(calls, "exit");
    }
    await shop?.stop();
  });

  test("scrapes the controller and the proxies, found by their pods' annotations", async () => {
    await soon(async () => {
      const up = await prometheus.query("up == 1");
      deepEqual(up.map(({ metric: { pod = "" } }) => pod.replace(/-[a-z0-9]+-[a-z0-9]+$/, "")).sort(), [
        "edge-gatewright",
        "gatewright",
      ]);
    });
    const [leader] = await soon(async () => {
      const found = await prometheus.query("gatewright_leader");
      equal(found[0]?.value[1], "1");
      return found;
    });
    equal(leader?.metric["namespace"], "gatewright-system");
  });

  test("counts gRPC calls by Gateway, rule, backend, service, method and status", async () => {
    await soon(async () => {
      const counted = await prometheus.query('envoy_route_requests_total{grpc_status="Unavailable"}');
      const { gateway, rule, backend, grpc_service: service, grpc_method: method } = counted[0]?.metric ?? {};
      deepEqual(
        { gateway, rule, backend, service, method },
        {
          gateway: "shop/edge",
          rule: "GRPCRoute/shop/users/0",
          backend: "Service/shop/users/9000/http2",
          service: "user.v1.UserService",
          method: "GetUser",
        },
      );
    });
  });

  test("GatewrightGrpcErrors fires, for that method and nothing else", async () => {
    const [alert] = await soon(async () => {
      const firing = (await prometheus.alerts()).filter(
        ({ state, labels }) => state === "firing" && labels["alertname"] === "GatewrightGrpcErrors",
      );
      equal(firing.length, 1);
      return firing;
    });
    equal(alert?.labels["grpc_method"], "GetUser");
    equal(alert?.labels["severity"], "critical");
    ok(alert?.annotations["summary"]?.endsWith("of the gRPC calls of GRPCRoute/shop/users/0 fail."));
    deepEqual(await prometheus.brokenRules(), []);
    const others = (await prometheus.alerts()).filter(
      ({ state, labels }) => state === "firing" && labels["alertname"] !== "GatewrightGrpcErrors",
    );
    deepEqual(others, []);
  });

  for (const dashboard of dashboards) {
    test(`every query of the dashboard "${dashboard.title}" has an answer`, async () => {
      for (const { title, queries } of dashboard.rows.flatMap(({ panels }) => panels)) {
        for (const { expr, emptyWhenHealthy = false } of queries) {
          const asked = expr.replaceAll("$__rate_interval", "20s").replaceAll(/\$(gateway|rule)\b/g, ".*");
          await soon(async () => {
            const answer = await prometheus.query(asked);
            // A quantile of nothing is NaN.
            const numbers = answer.filter(({ value: [, value] }) => value !== "NaN");
            ok(numbers.length > 0 || emptyWhenHealthy, `${title}: ${asked} finds ${JSON.stringify(answer)}`);
          });
        }
      }
    });
  }
});

/** Changes the route again and again, so that there is something to push, acknowledge and write. */
async function keepChanging({ kubectl }: Pick<Shop, "kubectl">, signal: AbortSignal): Promise<void> {
  for (let number = 0; !signal.aborted; number += 1) {
    const set = [{ name: "x-change", value: String(number) }];
    const filters = [{ type: "ResponseHeaderModifier", responseHeaderModifier: { set } }];
    const spec = { rules: [{ filters, backendRefs: [{ name: "web", port: 80 }] }] };
    await kubectl("patch", "httproute/shop", "--type=merge", `--patch=${JSON.stringify({ spec })}`);
    await delay(2_000, undefined, { signal }).catch(() => {});
  }
}
