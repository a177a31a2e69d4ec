/**
 * Nothing is lost, whatever changes: a steady load on one route, and everything around it and in it changes.
 *
 *     node scripts/test.ts zero-loss            # 2,000 requests per second; RATE=500 for fewer
 *
 * On a machine that can't send so many, those that were due are left out, and told; the test judges losses alone.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startGrpcEcho } from "../../examples/backends/grpc-echo.ts";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { envoyAdmin } from "../../src/fleet/envoy-admin.ts";
import { temporaryFolder } from "../e2e/harness/example.ts";
import { type RunningGateway, startGateway } from "../e2e/harness/gateway.ts";
import { httpClient } from "../e2e/harness/http-client.ts";
import { freeOffset, ownLoopback } from "../e2e/harness/ports.ts";
import { descendants, ourselves } from "../e2e/harness/processes.ts";
import {
  endpointSlice,
  gatewayClass,
  gateway as gatewayOf,
  httpRoute,
  resourceFolder,
  service,
} from "../e2e/harness/resources.ts";
import { stepFilter } from "../e2e/harness/steps.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { startBackends } from "./backends.ts";
import { updatesOf } from "./envoy-updates.ts";
import { holdGrpcStream, holdWebSocket } from "./held-streams.ts";
import { startLoad } from "./load.ts";
import { protocolService, routeVersion } from "./world.ts";

const host = "app.example.com";
const extraHost = "extra.example.com";
const services = ["a", "b", "c"];
const ports = [80, 443, 8081];
const rate = Number(process.env["RATE"] ?? 2000);
const loopback = ownLoopback();

const http = { name: "http", port: 80, protocol: "HTTP" };
const tls = { mode: "Terminate", certificateRefs: [{ name: "app-tls" }] };
const https = { name: "https", port: 443, protocol: "HTTPS", hostname: host, tls };
const extra = [
  { name: "more", port: 8081, protocol: "HTTP" },
  { name: "more-https", port: 443, protocol: "HTTPS", hostname: extraHost, tls },
];

async function stage(t: TestContext) {
  const backends = startBackends(t);
  const path = await temporaryFolder(t);
  const runtimeDirectory = join(await temporaryFolder(t), "run");
  const folder = await resourceFolder(path);
  const authority = await createAuthority();

  await folder.write("gateway.yaml", gatewayClass(), gatewayOf("edge", [http, https]));
  const addressOf = (name: string, epoch: number): string => `${loopback}.${1 + epoch * 3 + services.indexOf(name)}`;
  const slice = (name: string, ...endpoints: Parameters<typeof endpointSlice>[2]) =>
    folder.write(`${name}.yaml`, service(name), endpointSlice(name, 7201, endpoints));
  const startBackend = (name: string, epoch: number) =>
    backends.start(`${name}-${epoch}`, addressOf(name, epoch), 7201);
  for (const name of services) {
    await startBackend(name, 0);
    await slice(name, { address: addressOf(name, 0) });
  }
  await backends.start("socket-0", `${loopback}.1`, 7202);
  const grpc = await startGrpcEcho({ service: "stream", protocol: "grpc", host: `${loopback}.1`, port: 7203 });
  t.after(() => grpc.close());
  const here = [{ address: `${loopback}.1` }];
  await folder.write(
    "held.yaml",
    protocolService("socket", "kubernetes.io/ws"),
    endpointSlice("socket", 7202, here),
    protocolService("stream", "kubernetes.io/h2c"),
    endpointSlice("stream", 7203, here),
  );

  const offset = await freeOffset(ports);
  const load = startLoad(t, {
    host,
    port: 80 + offset,
    securePort: 443 + offset,
    ca: authority.certificate,
    rate,
    seconds: 400,
  });
  /** Writes a new certificate, of which the load knows before Envoy does. */
  const rotate = async (number: number): Promise<void> => {
    const pair = await authority.issue([host, extraHost]);
    await load.tell({ kind: "serial", serial: new X509Certificate(pair.cert).serialNumber, number });
    await folder.writeText("certificate.yaml", tlsSecret("default", "app-tls", pair));
  };
  const first = routeVersion(1, host, services);
  await folder.write("route.yaml", first.route);
  await rotate(0);

  const gateway = await startGateway(t, [path], ports, { offset, runtimeDirectory });
  await load.tell({ kind: "version", version: { version: 1, services: first.services, added: first.added } });
  await load.tell({ kind: "begin" });

  let version = 1;
  /** Writes the next version of the route, and waits until it has answered on every connection. */
  const nextVersion = async (among: readonly string[] = services): Promise<void> => {
    version += 1;
    const next = routeVersion(version, host, among);
    await load.tell({ kind: "version", version: { version, services: next.services, added: next.added } });
    await folder.write("route.yaml", next.route);
    await load.until((report) => report.version >= version, `version ${version} is in force`);
  };
  return {
    gateway,
    path,
    runtimeDirectory,
    folder,
    backends,
    load,
    nextVersion,
    slice,
    addressOf,
    startBackend,
    rotate,
  };
}

test("a steady load, and everything changes: nothing is lost, misrouted, or cut", async (t) => {
  const made = await stage(t);
  const { folder, load, nextVersion, runtimeDirectory } = made;
  let { gateway } = made;
  await load.until(({ version }) => version === 1, "every connection is answered");
  const streams = await Promise.all([
    holdWebSocket(gateway.port(80), host, "/socket"),
    holdGrpcStream(gateway.port(80), host),
  ]);
  t.after(() => {
    for (const stream of streams) stream.close();
  });
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());
  const startedAt = performance.now();

  /** A part, after which the load goes on and nothing was lost. */
  const part = (name: string, change: () => Promise<void>) =>
    t.test(name, async () => {
      await change();
      const { answered } = load.report();
      await load.until((report) => report.answered > answered + 100, "the load goes on");
      const { failed, failures } = load.report();
      deepEqual({ failed, failures }, { failed: 0, failures: [] });
      for (const stream of streams) {
        equal(stream.ended(), undefined, stream.name);
        const sent = stream.sent();
        await eventually(() => ok(stream.answered() >= sent, `${stream.name}: ${stream.answered()} of ${sent}`));
      }
    });

  await part("200 edits of other routes, 50 of this one, 20 certificates, at the same time", async () => {
    await Promise.all([
      editOthers(folder, async (name, step) =>
        eventually(async () => equal((await client.send({ host: `${name}.example.com` })).headers["x-step"], step)),
      ),
      (async () => {
        for (let edit = 0; edit < 50; edit++) await nextVersion();
      })(),
      (async () => {
        for (let number = 1; number <= 20; number++) {
          await made.rotate(number);
          await load.until(({ newestSerial }) => newestSerial >= number, `certificate ${number} is shown`);
        }
      })(),
    ]);
  });

  await part("50 endpoint swaps", async () => {
    await nextVersion(["a"]);
    for (let epoch = 1; epoch <= 50; epoch++) {
      const leaving = { ready: false, serving: true, terminating: true };
      await made.startBackend("a", epoch);
      const [before, after] = [made.addressOf("a", epoch - 1), made.addressOf("a", epoch)];
      await made.slice("a", { address: before, conditions: leaving }, { address: after });
      await load.until(({ epochs }) => (epochs["a"] ?? 0) >= epoch, `endpoint ${epoch} of a takes all requests`);
      await made.slice("a", { address: after });
      await made.backends.stop(`a-${epoch - 1}`);
    }
  });

  await part("listeners come and go", async () => {
    // On a connection of its own: one that is kept is served until it is drained.
    const answers = async (): Promise<number> => {
      const more = httpClient(gateway.port(8081));
      try {
        return (await more.send({ host })).status;
      } finally {
        more.close();
      }
    };
    for (let round = 0; round < 5; round++) {
      await folder.write("gateway.yaml", gatewayClass(), gatewayOf("edge", [http, https, ...extra]));
      await eventually(async () => equal(await answers(), 200));
      await folder.write("gateway.yaml", gatewayClass(), gatewayOf("edge", [http, https]));
      await eventually(async () => equal(await answers().catch(() => 0), 0));
    }
  });

  await part("broken files", async () => {
    await folder.writeText("broken.yaml", "kind: HTTPRoute\nspec: [unclosed\n");
    await eventually(() => match(gateway.log(), /broken\.yaml/));
    const half = httpRoute("app", host, [{ name: "a", weight: -1 }]);
    await folder.write("route.yaml", half);
    await eventually(() => match(gateway.log(), /route\.yaml:\d+:\d+/));
    await folder.writeText("a.yaml", "");
    await folder.writeText("certificate.yaml", "data: {tls.crt: nonsense");
    await eventually(() => match(gateway.log(), /certificate\.yaml/));
    await made.slice("a", { address: made.addressOf("a", 50) });
    await made.rotate(21);
    await folder.remove("broken.yaml");
    await nextVersion(["a"]);
  });

  await part("the control plane is killed with -9 and started again; it sends nothing that is equal", async () => {
    const envoy = envoyAdmin(join(runtimeDirectory, "admin.sock"));
    await eventually(async () => equal(await isSettled(gateway), true));
    const before = updatesOf(await envoy.configDump());
    for (const name of ["80/TCP", "Secret/default/app-tls", "Service/default/a", "gw"])
      ok(
        before.some((update) => update.includes(name)),
        `${name} is not among ${before.join("\n")}`,
      );
    for (const pid of ourselves(gateway.pid)) process.kill(pid, "SIGKILL");
    await eventually(() => deepEqual(descendants(gateway.pid), []));
    const { answered } = load.report();
    await load.until((report) => report.answered > answered + 500, "Envoy serves without a control plane");
    gateway = await startGateway(t, [made.path], ports, { offset: gateway.offset, runtimeDirectory });
    await eventually(async () => equal(await isSettled(gateway), true));
    deepEqual(updatesOf(await envoy.configDump()), before, "nothing in Envoy was touched");
    // An empty answer about clusters is how we learn whether those that Envoy has are warm.
    deepEqual(await pushes(gateway), ['gatewright_xds_pushes_total{type="Cluster"} 1']);
    await nextVersion(["b"]);
  });

  const { failed, failures, answered, handshakes, leftOut } = await load.stop();
  const seconds = (performance.now() - startedAt) / 1000;
  deepEqual({ failed, failures }, { failed: 0, failures: [] });
  t.diagnostic(
    `${answered} requests in ${seconds.toFixed(0)} s, ${(answered / seconds).toFixed(0)}/s of ${rate}/s asked for; ` +
      `${leftOut} left out on a busy machine; ${handshakes} TLS handshakes; ` +
      streams.map((stream) => `${stream.name} ${stream.answered()} answers`).join("; "),
  );
});

/** Twenty routes, ten edits each: they come, change, go and come again. */
async function editOthers(
  folder: Awaited<ReturnType<typeof resourceFolder>>,
  serves: (name: string, step: string) => Promise<unknown>,
): Promise<void> {
  for (let edit = 0; edit < 10; edit++) {
    for (let route = 0; route < 20; route++) {
      const name = `other-${route}`;
      if (edit % 4 === 3) await folder.remove(`${name}.yaml`);
      else {
        const backend = services[(edit + route) % services.length] ?? "";
        const changed = httpRoute(name, `${name}.example.com`, [{ name: backend }], [stepFilter(String(edit))]);
        await folder.write(`${name}.yaml`, changed);
      }
      if (route % 5 === 0 && edit % 4 !== 3) await serves(name, String(edit));
    }
  }
}

async function isSettled(gateway: RunningGateway): Promise<boolean> {
  return (await fetch(`http://${gateway.adminAddress}/readyz`)).ok;
}

async function pushes(gateway: RunningGateway): Promise<readonly string[]> {
  const text = await (await fetch(`http://${gateway.adminAddress}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith("gatewright_xds_pushes_total"));
}
