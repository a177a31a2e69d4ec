import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { ownLoopback } from "./harness/ports.ts";
import {
  gateway as edgeGateway,
  endpointSlice,
  gatewayClass,
  httpRoute,
  resourceFolder,
  service,
} from "./harness/resources.ts";
import { statuses } from "./harness/status.ts";
import { eventually } from "./harness/wait.ts";

/** Samples of Prometheus' text format by name and labels, as in `gatewright_resources{kind="HTTPRoute"}`. */
function parseMetrics(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

test("health and metrics after a change, a refused document, and what Envoy refuses", async (t) => {
  const host = `${ownLoopback()}.1`;
  const running = await startBackends([{ service: "a", protocol: "http", host, port: 7201 }]);
  t.after(() => closeBackends(running));
  const path = await temporaryFolder(t);
  const folder = await resourceFolder(path);
  const http = { name: "http", port: 80, protocol: "HTTP" };
  await folder.write("gateway.yaml", gatewayClass(), edgeGateway("edge", [http]));
  await folder.write("a.yaml", service("a"), endpointSlice("a", 7201, [{ address: host }]));
  await folder.write("app.yaml", httpRoute("app", "app.example.com", [{ name: "a" }]));
  const gateway = await startGateway(t, [path], [80, 81]);
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());
  const answer = async (name: string) => (await client.send({ host: `${name}.example.com` })).status;
  const get = async (endpoint: string) => await fetch(`http://${gateway.adminAddress}${endpoint}`);
  const metrics = async () => {
    const values = parseMetrics(await (await get("/metrics")).text());
    return (name: string) => values.get(name) ?? 0;
  };

  await t.test("it is healthy, ready and connected", async () => {
    deepEqual([(await get("/healthz")).status, (await get("/readyz")).status], [200, 200]);
    const value = await metrics();
    equal(value('gatewright_connected_proxies{state="in_sync"}'), 1);
    equal(value('gatewright_resources{kind="HTTPRoute"}'), 1);
    equal(value("gatewright_refused_documents"), 0);
    equal(value("gatewright_envoy_restarts_total"), 0);
    match(await (await get("/metrics/envoy")).text(), /^envoy_/m);
  });

  await t.test("Envoy tells requests by Gateway, rule, backend and status", async () => {
    const requests = async () => parseMetrics(await (await get("/metrics/envoy")).text());
    const rule = 'gateway="default/edge",rule="HTTPRoute/default/app/0"';
    const name = `envoy_route_requests_total{${rule},backend="Service/default/a/80/http1",response_code="200"}`;
    const duration = `envoy_route_duration_milliseconds_count{${rule}}`;
    const before = (await requests()).get(name) ?? 0;
    for (let number = 0; number < 3; number += 1) equal(await answer("app"), 200);
    await eventually(async () => equal((await requests()).get(name), before + 3));
    // Envoy's threads bring what they measured together every 5 seconds.
    await eventually(async () => ok(((await requests()).get(duration) ?? 0) >= before + 3));
  });

  await t.test("a new route is one push of one type, with its bytes and its time to the acknowledgement", async () => {
    const before = await metrics();
    await folder.write("new.yaml", httpRoute("new", "new.example.com", [{ name: "a" }]));
    await eventually(async () => equal(await answer("new"), 200));
    const ofType = (name: string) => `${name}{type="ScopedRouteConfiguration"}`;
    const ofRoute = (name: string) => `${name}{kind="HTTPRoute",type="ScopedRouteConfiguration"}`;
    const acknowledged = ofRoute("gatewright_event_to_ack_seconds_count");
    const after = await eventually(async () => {
      const value = await metrics();
      equal(value(acknowledged), before(acknowledged) + 1);
      return value;
    });
    const grown = (name: string) => after(name) - before(name);
    equal(grown(ofType("gatewright_xds_pushes_total")), 1);
    ok(grown(ofType("gatewright_xds_push_bytes_total")) > 100);
    for (const type of ["Listener", "Cluster", "ClusterLoadAssignment"])
      equal(grown(`gatewright_xds_pushes_total{type="${type}"}`), 0, type);
    equal(grown("gatewright_transaction_seconds_count"), 1);
    equal(after('gatewright_resources{kind="HTTPRoute"}'), 2);
    match(await (await get("/api/v1/graph")).text(), /"role":"route".*"name":"default\/new"/);
    // From the event of the file on, so that the wait for the end of a save is in it.
    const seconds = grown(ofRoute("gatewright_event_to_ack_seconds_sum"));
    ok(seconds > 0.005, `${seconds} s`);
  });

  await t.test("a refused document is counted until it is mended", async () => {
    await folder.write("bad.yaml", httpRoute("bad", "bad.example.com", [{ name: "a", weight: -1 }]));
    await eventually(async () => equal((await metrics())("gatewright_refused_documents"), 1));
    equal((await metrics())('gatewright_resources{kind="HTTPRoute"}'), 2);
    match(await (await get("/api/v1/findings")).text(), /"code":"out-of-range"/);
    await folder.write("bad.yaml", httpRoute("bad", "bad.example.com", [{ name: "a", weight: 1 }]));
    await eventually(async () => equal(await answer("bad"), 200));
    equal((await metrics())("gatewright_refused_documents"), 0);
  });

  await t.test("what Envoy refuses is counted while it is wanted, and everything else goes on", async (inner) => {
    const squatter = createServer().listen(gateway.port(81), "0.0.0.0");
    await once(squatter, "listening");
    inner.after(() => squatter.close());
    const taken = { name: "taken", port: 81, protocol: "HTTP" };
    await folder.write("gateway.yaml", gatewayClass(), edgeGateway("edge", [http, taken]));
    const rejected = 'gatewright_xds_rejected_resources{type="Listener"}';
    await eventually(async () => equal((await metrics())(rejected), 1));
    ok((await metrics())('gatewright_xds_nacks_total{type="Listener"}') >= 1);
    const { status } = await gateway.get("gateway", "edge");
    const listener = status?.listeners?.find(({ name }) => name === "taken");
    equal(statuses(listener?.conditions)["Programmed"], "False");
    equal(await answer("app"), 200);
    equal((await get("/readyz")).status, 200);
    await folder.write("gateway.yaml", gatewayClass(), edgeGateway("edge", [http]));
    await eventually(async () => equal((await metrics())(rejected), 0));
  });
});
