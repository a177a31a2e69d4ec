import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import type { Backend } from "../../examples/backends/backend.ts";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { type HttpClient, httpClient } from "./harness/http-client.ts";
import { startLoad } from "./harness/load.ts";
import { ownLoopback } from "./harness/ports.ts";
import {
  gateway as edgeGateway,
  endpointSlice,
  gatewayClass,
  httpRoute,
  referenceGrant,
  resourceFolder,
  service,
} from "./harness/resources.ts";
import { assertSplit, countAnswers } from "./harness/split.ts";
import { stepFilter, whenServing } from "./harness/steps.ts";
import { eventually } from "./harness/wait.ts";

const loopback = ownLoopback();
const first = `${loopback}.1`;
const second = `${loopback}.2`;
const names = ["a", "b", "c", "far"];
const portOf = (name: string) => 7201 + names.indexOf(name);

/** Services a, b, c and far/far, each with two endpoints; host app.example.com is served by a. */
async function stage(t: TestContext) {
  const backends = names.flatMap((name): Backend[] =>
    [first, second].map((host) => ({ service: name, protocol: "http", host, port: portOf(name) })),
  );
  const running = await startBackends(backends);
  t.after(() => closeBackends(running));

  const path = await temporaryFolder(t);
  const folder = await resourceFolder(path);
  const authority = await createAuthority();
  const { cert, key } = await authority.issue(["app.example.com"]);
  const tls = { mode: "Terminate", certificateRefs: [{ name: "app-tls" }] };
  const https = { name: "https", port: 443, protocol: "HTTPS", hostname: "app.example.com", tls };
  await folder.write(
    "gateway.yaml",
    gatewayClass(),
    edgeGateway("edge", [{ name: "http", port: 80, protocol: "HTTP" }, https]),
  );
  await folder.writeText("certificate.yaml", tlsSecret("default", "app-tls", { cert, key }));
  for (const name of names) {
    const namespace = name === "far" ? "far" : "default";
    const endpoints = [{ address: first }, { address: second }];
    await folder.write(
      `${name}.yaml`,
      service(name, namespace),
      endpointSlice(name, portOf(name), endpoints, namespace),
    );
  }
  await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "a" }]));
  await folder.write("other.yaml", httpRoute("other", "other.example.com", [{ name: "c" }]));

  const gateway = await startGateway(t, [path], [80, 443]);
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());
  const answer = async (host = "app.example.com") => {
    const response = await client.send({ host });
    return response.status === 200 ? response.echo().service : String(response.status);
  };
  return { gateway, folder, authority, client, answer };
}

test("changes under load lose no request", async (t) => {
  const { gateway, folder, authority, client, answer } = await stage(t);
  const app = startLoad(gateway.port(80), "app.example.com");
  const secure = startLoad(gateway.port(443), "app.example.com", { ca: authority.certificate });
  const other = startLoad(gateway.port(80), "other.example.com", { connections: 2 });
  const loads = [app, secure, other];

  /** A step, after which each load has been answered some more, and nothing was lost. */
  const step = (name: string, change: (inner: TestContext) => Promise<void>) =>
    t.test(name, async (inner) => {
      await change(inner);
      const before = loads.map((load) => load.answered());
      await eventually(() => {
        for (const [index, load] of loads.entries())
          ok(load.answered() > (before[index] ?? 0) + 20, "the load goes on");
      });
      deepEqual(
        loads.flatMap((load) => load.failures()),
        [],
      );
    });

  await step("weights change", async (inner) => {
    for (const weight of [10, 50, 90]) {
      const backends = [
        { name: "a", weight: 100 - weight },
        { name: "b", weight },
      ];
      const marked = [stepFilter(String(weight))];
      await folder.write("route.yaml", httpRoute("app", "app.example.com", backends, marked));
      const ask = await whenServing(client, "app.example.com", String(weight));
      await assertSplit(inner, { a: 1 - weight / 100, b: weight / 100 }, async () => (await ask()).service);
    }
  });

  await step("the backend changes to another Service, and back, 20 times", async () => {
    for (let round = 0; round < 20; round++) {
      const name = round % 2 === 0 ? "b" : "a";
      await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name }]));
      await eventually(async () => equal(await answer(), name));
    }
  });

  await step("a Service that didn't exist before takes over", async () => {
    const endpoints = [{ address: first }];
    await folder.write("new.yaml", service("new"), endpointSlice("new", portOf("c"), endpoints));
    await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "new" }]));
    await eventually(async () => equal(await answer(), "c"));
    await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "a" }]));
    await folder.remove("new.yaml");
    await eventually(async () => equal(await answer(), "a"));
  });

  await step("routes come and go", async () => {
    for (let index = 0; index < 10; index++) {
      const host = `site-${index}.example.com`;
      await folder.write(`site-${index}.yaml`, httpRoute(`site-${index}`, host, [{ name: "b" }]));
      await eventually(async () => equal(await answer(host), "b"));
      await folder.remove(`site-${index}.yaml`);
      await eventually(async () => equal(await answer(host), "404"));
    }
  });

  await step("a broken file appears and goes", async () => {
    await folder.writeText("broken.yaml", "kind: HTTPRoute\nspec: [unclosed\n");
    await eventually(() => match(gateway.log(), /broken\.yaml/));
    equal(await answer(), "a");
    await folder.remove("broken.yaml");
  });

  await step("a refused document keeps its last good version", async () => {
    const good = httpRoute("app", "app.example.com", [{ name: "b" }]);
    await folder.write("route.yaml", good);
    await eventually(async () => equal(await answer(), "b"));
    await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "a", weight: -1 }]));
    await eventually(() => match(gateway.log(), /route\.yaml:\d+:\d+/));
    await folder.write("other.yaml", httpRoute("other", "other.example.com", [{ name: "b" }]));
    await eventually(async () => equal(await answer("other.example.com"), "b"));
    equal(await answer(), "b", "what was served before the mistake is served still");
    await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "a" }]));
    await eventually(async () => equal(await answer(), "a"));
  });

  await step("a certificate is rotated", async () => {
    const before = await serialNumber(gateway.port(443), authority.certificate);
    await folder.writeText(
      "certificate.yaml",
      tlsSecret("default", "app-tls", await authority.issue(["app.example.com"])),
    );
    await eventually(async () => ok((await serialNumber(gateway.port(443), authority.certificate)) !== before));
  });

  await step("endpoints change", async () => {
    await folder.write("a.yaml", service("a"), endpointSlice("a", portOf("a"), [{ address: second }]));
    await eventually(async () => deepEqual(await pods(client), [`a-${second}:7201`]));
    const draining = { address: second, conditions: { ready: false, serving: true, terminating: true } };
    await folder.write("a.yaml", service("a"), endpointSlice("a", portOf("a"), [{ address: first }, draining]));
    await eventually(async () => deepEqual(await pods(client), [`a-${first}:7201`]));
  });

  const failures = await Promise.all(loads.map((load) => load.stop()));
  deepEqual(failures.flat(), []);
  t.diagnostic(`${loads.reduce((total, load) => total + load.answered(), 0)} requests were answered`);
});

test("a ReferenceGrant that goes takes the backend with it", async (t) => {
  const { folder, answer } = await stage(t);
  await folder.write("grant.yaml", referenceGrant("far"));
  await folder.write("route.yaml", httpRoute("app", "app.example.com", [{ name: "far", namespace: "far" }]));
  await eventually(async () => equal(await answer(), "far"));
  await folder.remove("grant.yaml");
  await eventually(async () => equal(await answer(), "500"));
  await folder.write("grant.yaml", referenceGrant("far"));
  await eventually(async () => equal(await answer(), "far"));
});

/** Every endpoint that answers. */
async function pods(client: HttpClient): Promise<readonly string[]> {
  const counts = await countAnswers(100, async () => (await client.send({ host: "app.example.com" })).echo().pod);
  return Object.keys(counts).sort();
}

/** Serial number of the certificate that a new connection is shown. */
function serialNumber(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "app.example.com", ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
    socket.once("error", reject);
  });
}
