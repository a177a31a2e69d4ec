import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../test/e2e/harness/wait.ts";
import { type Authority, createAuthority } from "../certificates/authority.ts";
import { isProxy, proxyUri } from "../certificates/proxy-identity.ts";
import { bootstrap } from "../envoy/bootstrap.ts";
import { xdsSecretFiles } from "../envoy/xds-cluster.ts";
import { EnvoyProcess } from "../fleet/envoy-process.ts";
import { silent } from "../fleet/logger.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { MutualTls } from "./credentials.ts";
import { XdsServer } from "./server.ts";
import { fixture, PROXY } from "./testing/fixture.ts";

const serverName = "gatewright.gatewright-system.svc";

test("Envoy takes nothing from a server of another name or another authority, and all from its own", async (t) => {
  const authority = await createAuthority();
  const folder = await mkdtemp(join(tmpdir(), "gatewright-false-server-"));
  t.after(() => rm(folder, { recursive: true }));
  const { certificate, key } = await authority.issue({ end: "client", uri: proxyUri(PROXY) });
  const files = { "tls.crt": certificate, "tls.key": key, "ca.crt": authority.trusted };
  for (const [name, text] of Object.entries({ ...files, ...xdsSecretFiles(folder, serverName) })) {
    await writeFile(join(folder, name), text);
  }
  const shown = async (signer: Authority, name: string) => ({
    ...(await signer.issue({ end: "server", dnsNames: [name] })),
    trusted: authority.trusted,
  });
  const tls = new MutualTls(await shown(authority, "other.gatewright-system.svc"));
  const server = new XdsServer({
    resources: fixture([]).resources,
    knows: () => true,
    credentials: tls,
    mayFetch: isProxy,
  });
  t.after(() => server.close());
  const port = await server.listen({ host: "127.0.0.1", port: 0 });

  const { path } = await resolveEnvoy();
  const xds = { host: "127.0.0.1", port, serverName, secretFiles: folder };
  const envoy = await EnvoyProcess.start({
    envoy: path,
    bootstrap: { json: JSON.stringify(bootstrap({ proxy: PROXY, node: "one", xds, adminSocket: "/replaced" })) },
    logger: silent,
    concurrency: 1,
    drain: { drainMs: 0 },
    stdout: "ignore",
  });
  t.after(() => envoy.kill());
  const refusals = async (name: string) => [...(await envoy.admin.stats(`^cluster\\.xds\\.ssl\\.${name}$`)).values()];
  const patience = 30_000;

  await eventually(async () => ok(((await refusals("fail_verify_san"))[0] ?? 0) > 0), patience);
  deepEqual(await refusals("fail_verify_error"), [0]);
  equal(server.delivery.status(PROXY).connected, 0);

  tls.renew(await shown(await createAuthority(), serverName));
  await eventually(async () => ok(((await refusals("fail_verify_error"))[0] ?? 0) > 0), patience);
  equal(server.delivery.status(PROXY).connected, 0);

  tls.renew(await shown(authority, serverName));
  await eventually(async () => equal(server.delivery.status(PROXY).connected, 1), patience);
});
