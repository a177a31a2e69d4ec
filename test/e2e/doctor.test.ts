import { equal, match } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { freePort } from "./harness/ports.ts";
import { descendants, isEnvoy } from "./harness/processes.ts";
import { gateway, gatewayClass, resourceFolder } from "./harness/resources.ts";
import { eventually } from "./harness/wait.ts";

test("doctor of a Gatewright on this machine: healthy, a port that is taken, an Envoy that was started again", async (t) => {
  const folder = await temporaryFolder(t);
  const files = await resourceFolder(folder);
  const [free, taken] = [await freePort(), await freePort()];
  const edge = (...ports: readonly number[]) =>
    gateway(
      "edge",
      ports.map((port) => ({ name: `http-${port}`, port, protocol: "HTTP" })),
    );
  await files.write("gateway.yaml", gatewayClass(), edge(free));
  const running = await startGateway(t, [folder], []);
  const healthy = await running.cli("doctor");
  match(healthy.stdout, /✓ Envoy +answers\n✓ Gateways +1 of 1 programmed\n.*Nothing is wrong\./s);
  equal(healthy.code, 0);

  const holder = createServer().listen(taken, "0.0.0.0");
  t.after(() => holder.close());
  await once(holder, "listening");
  await files.write("gateway.yaml", gatewayClass(), edge(free, taken));
  await eventually(async () => {
    const { stdout, code } = await running.cli("doctor", "--output=json");
    const [finding] = JSON.parse(stdout).findings;
    equal(finding?.code, "configuration-refused");
    match(finding.message, /Address already in use/);
    match(finding.remedy, /ss -ltnp/);
    equal(code, 1);
  }, 30_000);

  await files.write("gateway.yaml", gatewayClass(), edge(free));
  const [envoy] = descendants(running.pid).filter(isEnvoy);
  process.kill(envoy?.pid ?? 0, "SIGKILL");
  await eventually(async () => {
    const { stdout, code } = await running.cli("doctor");
    match(stdout, /warning {2}envoy-not-running\n {2}Envoy ended and was started again, 1 time\./);
    equal(code, 0);
  }, 60_000);

  equal((await running.cli("doctor", "--strict")).code, 1);
});
