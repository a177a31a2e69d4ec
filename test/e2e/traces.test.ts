import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { startOtlpReceiver } from "./harness/otlp-receiver.ts";
import { ownLoopback } from "./harness/ports.ts";
import { needs } from "./harness/programs.ts";
import {
  gateway as edgeGateway,
  endpointSlice,
  gatewayClass,
  httpRoute,
  type Resource,
  resourceFolder,
  service,
} from "./harness/resources.ts";
import { eventually } from "./harness/wait.ts";

function telemetryPolicy(gateway: string, tracing: Resource): Resource {
  const targetRefs = [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway }];
  return {
    apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
    kind: "XTelemetryPolicy",
    metadata: { name: gateway },
    spec: { targetRefs, tracing },
  };
}

function collector(host: string): readonly Resource[] {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "collector", annotations: { "gatewright.dev/endpoints": `${host}:4317` } },
      spec: { ports: [{ port: 4317 }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "over-http", annotations: { "gatewright.dev/endpoints": `${host}:4318` } },
      spec: { ports: [{ port: 4318 }] },
    },
  ];
}

test("traces, as OpenTelemetry's own receiver gets them", async (t) => {
  if (!needs(t, "otlp-receiver")) return;
  const host = `${ownLoopback()}.1`;
  const spans = await startOtlpReceiver(t, `${host}:4317`, `${host}:4318`);
  const running = await startBackends([{ service: "a", protocol: "http", host, port: 7201 }]);
  t.after(() => closeBackends(running));
  const path = await temporaryFolder(t);
  const folder = await resourceFolder(path);
  await folder.write(
    "gateway.yaml",
    gatewayClass(),
    edgeGateway("edge", [{ name: "http", port: 80, protocol: "HTTP" }]),
  );
  await folder.write("a.yaml", service("a"), endpointSlice("a", 7201, [{ address: host }]), ...collector(host));
  await folder.write("app.yaml", httpRoute("app", "app.example.com", [{ name: "a" }]));
  const gateway = await startGateway(t, [path], [80]);
  const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  /** On a connection of its own: one that is there already goes on as it was, until Envoy has drained it. */
  const send = async (headers: Readonly<Record<string, string>> = {}) => {
    const client = httpClient(gateway.port(80));
    const response = await client
      .send({ host: "app.example.com", path: "/cart?id=1", headers })
      .finally(() => client.close());
    equal(response.status, 200);
    return String(response.echo().headers["traceparent"]);
  };
  /** Exports go out with every few spans, or every few seconds. */
  const recorded = async (traceparent: string) =>
    eventually(() => {
      const span = spans.find(({ spanId }) => traceparent.includes(spanId));
      ok(span, `no span of ${traceparent} in ${spans.length}`);
      return span;
    });
  equal(await send({ traceparent: parent }), parent);

  await t.test("over gRPC: names, headers, attributes, and the client's trace goes on", async () => {
    const policy = telemetryPolicy("edge", {
      mode: "Enabled",
      provider: {
        backendRef: { name: "collector", port: 4317 },
        headers: [
          { name: "Authorization", value: "Bearer secret" },
          { name: "Host", value: "traces.example.com" },
        ],
      },
      serviceName: "shop",
      spanName: "at the edge",
      attributes: [
        { name: "env", sourceType: "Literal", literalValue: "100% production" },
        { name: "user", sourceType: "Header", headerName: "X-User" },
        { name: "type", sourceType: "Header", headerName: "Content-Type" },
        { name: "nobody", sourceType: "Header", headerName: "X-Nobody" },
        { name: "status", sourceType: "Attribute", attributeKey: "http.response.status_code" },
        { name: "query", sourceType: "Attribute", attributeKey: "url.query" },
        { name: "agent", sourceType: "Attribute", attributeKey: "http.request.header.user-agent" },
      ],
    });
    await folder.write("telemetry.yaml", policy);
    const headers = { traceparent: parent, "x-user": "ada", "user-agent": "test" };
    const traceparent = await eventually(async () => {
      const seen = await send(headers);
      ok(seen !== parent);
      return seen;
    });
    const span = await recorded(traceparent);
    deepEqual(
      [span.service, span.name, span.traceId, span.parentSpanId],
      ["shop", "at the edge", ...parent.split("-").slice(1, 3)],
    );
    const { env, user, type, nobody, status, query, agent } = span.attributes;
    deepEqual(
      { env, user, type, nobody, status, query, agent },
      {
        env: "100% production",
        user: "ada",
        type: "application/json",
        nobody: undefined,
        status: "200",
        query: "id=1",
        agent: "test",
      },
    );
    deepEqual(
      [span.metadata["authorization"], span.metadata[":authority"]],
      [["Bearer secret"], ["traces.example.com"]],
    );
    const own = await recorded(await send());
    equal(own.parentSpanId, "");
  });

  await t.test("over HTTP, with the Gateway's name", async () => {
    const provider = { backendRef: { name: "over-http", port: 4318 }, headers: [{ name: "x-share", value: "50%" }] };
    await folder.write("telemetry.yaml", telemetryPolicy("edge", { mode: "Enabled", provider }));
    const span = await eventually(async () => {
      await send();
      const found = spans.find(({ service: name }) => name === "edge.default");
      ok(found);
      return found;
    });
    deepEqual([span.metadata["x-share"] ?? span.metadata["X-Share"]], [["50%"]]);
    match(String(span.metadata["Host"] ?? span.metadata["host"]), /^over-http\.default:4318$/);
  });

  await t.test("without the policy, nothing is added", async () => {
    await folder.remove("telemetry.yaml");
    await eventually(async () => equal(await send({ traceparent: parent }), parent));
  });
});
