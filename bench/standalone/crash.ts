/**
 * How long nobody is served when Envoy dies: from `kill -9` to the first answer, at 10 and 1,000 hosts with one HTTPRoute each.
 *
 *     node bench/standalone/crash.ts [--hosts 10,1000] [--times 10]
 *
 * The product runs as a user runs it (`bin/gatewright run FOLDER`). Connections are refused meanwhile. Linux only. Exits with 1 if it
 * ever takes 2 s.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { freePort, startGatewright } from "../harness/gatewright-process.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { gateway, route } from "../harness/resources.ts";
import { percentile } from "../harness/statistics.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    hosts: { type: "string", default: "10,1000" },
    times: { type: "string", default: "10" },
  },
});

const backend = createServer((_request, response) => response.end("ok"));
const backendPort = await freePort();
await new Promise<void>((resolve) => backend.listen(backendPort, "127.0.0.1", resolve));

const results: { readonly hosts: number; readonly taken: readonly number[] }[] = [];
for (const hosts of values.hosts.split(",").map(Number)) {
  progress(`${hosts} hosts`);
  results.push({ hosts, taken: await measure(hosts) });
}
backend.close();
const cell = (milliseconds: number): string => `${milliseconds.toFixed(0)} ms`;
await report(outputOf(values.output), {
  benchmark: "crash",
  notes: [`${values.times} times each`],
  tables: [
    {
      headings: ["hosts", "p50", "longest"],
      rows: results.map(({ hosts, taken }) => [String(hosts), cell(percentile(taken, 50)), cell(Math.max(...taken))]),
    },
  ],
  results,
  limits: results.map(({ hosts, taken }) => ({
    what: `longest at ${hosts} hosts, s`,
    value: Math.max(...taken) / 1000,
    atMost: 2,
  })),
});

async function measure(hosts: number): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "gatewright-crash-"));
  const port = await freePort();
  await writeFile(join(folder, "gateway.yaml"), gateway([{ port }], backendPort));
  const documents = Array.from({ length: hosts }, (_, host) => route(host, "0"));
  await writeFile(join(folder, "routes.yaml"), documents.join("---\n"));
  const gatewright = await startGatewright([folder]);
  const served = async (): Promise<void> => {
    while (!(await isServed(port, hosts - 1))) {
      await gatewright.alive();
      await sleep(2);
    }
  };
  try {
    await served();
    const taken: number[] = [];
    for (let time = 0; time < Number(values.times); time += 1) {
      // After a long life: the pause before a restart grows with each death of a young one.
      await sleep(11_000);
      const [pid] = await gatewright.envoys();
      if (pid === undefined) throw new Error("no Envoy runs");
      const killed = performance.now();
      process.kill(pid, "SIGKILL");
      while (await isServed(port, hosts - 1));
      await served();
      taken.push(performance.now() - killed);
    }
    return taken;
  } finally {
    await gatewright.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function isServed(port: number, host: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(
      { port, host: "127.0.0.1", agent: false, headers: { host: `host-${host}.example.com` } },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode === 200));
        response.on("error", () => resolve(false));
      },
    );
    sent.on("error", () => resolve(false));
    sent.end();
  });
}
