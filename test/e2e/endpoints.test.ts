import { deepEqual, equal, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { freePort } from "./harness/ports.ts";
import { needs } from "./harness/programs.ts";
import { resourceFolder } from "./harness/resources.ts";
import { countAnswers } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";
import { eventually } from "./harness/wait.ts";

test("endpoints from EndpointSlices and Endpoints", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, folder, loopback, received } = await startExample(t, "seeds/endpoints");
  const port = gateway.port(80);

  for (const [path, status] of [
    ["/slices", 200],
    ["/endpoints", 200],
    ["/empty", 503],
    ["/unknown", 500],
  ] as const) {
    await t.test(`${path} is ${status}`, async () =>
      equal((await curl(`http://example.com${path}`, port)).status, status),
    );
  }

  await t.test("only ready endpoints get requests", async () => {
    const client = httpClient(port);
    for (let index = 0; index < 60; index++) {
      await client.send({ host: "example.com", path: "/slices" });
      await client.send({ host: "example.com", path: "/endpoints" });
    }
    client.close();
    const pods = [...new Set(received.map(({ pod }) => pod))].sort();
    deepEqual(pods, [`my-service-${loopback}.1:7142`, `sliced-${loopback}.1:7141`, `sliced-${loopback}.2:7141`]);
  });

  await t.test("a name with an address that nobody listens on is served from its others", async (inner) => {
    // localhost is ::1, too, where this backend is not.
    const free = await freePort();
    const running = await startBackends([{ service: "external", protocol: "http", host: "127.0.0.1", port: free }]);
    inner.after(() => closeBackends(running));
    const resources = await resourceFolder(folder);
    const external = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "external" },
      spec: { type: "ExternalName", externalName: "localhost", ports: [{ port: free }] },
    };
    const route = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "external" },
      spec: {
        parentRefs: [{ name: "example-gateway" }],
        hostnames: ["external.example.com"],
        rules: [{ backendRefs: [{ name: "external", port: free }] }],
      },
    };
    await resources.write("external.yaml", external, route);
    const client = httpClient(port);
    inner.after(() => client.close());
    const ask = async () => String((await client.send({ host: "external.example.com" })).status);
    await eventually(async () => notEqual(await ask(), "404"));
    deepEqual(await countAnswers(100, ask), { 200: 100 });
    await resources.remove("external.yaml");
    await eventually(async () => equal(await ask(), "404"));
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    const conditions = await assertRoute(gateway, "httproute", "endpoints", "default", { ResolvedRefs: "False" });
    equal(conditions.find(({ type }) => type === "ResolvedRefs")?.reason, "BackendNotFound");
  });
});
