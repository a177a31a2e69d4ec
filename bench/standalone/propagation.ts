/**
 * How long a change takes from a file to traffic, at 10, 1,000 and 10,000 hosts with one HTTPRoute each.
 *
 *     node bench/standalone/propagation.ts [--hosts 10,1000,10000] [--changes 60] [--layout files|one-file]
 *
 * The product runs as a user runs it (`bin/gatewright run FOLDER`). A change is the rename of a new version of one file
 * over the old one; it is done when a keep-alive client sees the new response header. By default each route is a file of
 * its own, all in one folder; with `one-file`, all are documents of one file, which every change replaces.
 *
 * CPU is read from /proc, for Gatewright's processes and for Envoy's main thread, which applies configuration. Memory is
 * resident memory after the changes, of the launcher, too. Linux only. Exits with 1 if a limit is not kept.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { defaultSettleTimes } from "../../src/sources/files/settle.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { freePort, startGatewright } from "../harness/gatewright-process.ts";
import type { Limit } from "../harness/judge.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { gateway, route } from "../harness/resources.ts";
import { percentile } from "../harness/statistics.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    hosts: { type: "string", default: "10,1000,10000" },
    changes: { type: "string", default: "60" },
    layout: { type: "string", default: "files" },
  },
});
const sizes = values.hosts.split(",").map(Number);
const changes = Number(values.changes);
const oneFile = values.layout === "one-file";

interface Measurement {
  readonly hosts: number;
  readonly startMilliseconds: number;
  /** CPU until the first request is served. */
  readonly startCpu: number;
  readonly latencies: readonly number[];
  readonly ownCpu: number;
  readonly envoyCpu: number;
  readonly ownMemory: number;
  readonly envoyMemory: number;
}

const backend = createServer((_request, response) => response.end("ok"));
await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
const backendAddress = backend.address();
const backendPort = typeof backendAddress === "object" && backendAddress !== null ? backendAddress.port : 0;

const measurements: Measurement[] = [];
for (const hosts of sizes) {
  progress(`${hosts} hosts: starting`);
  measurements.push(await measure(hosts));
}
backend.close();

const settle = defaultSettleTimes.replaced;
const half = ({ latencies }: Measurement): number => percentile(latencies, 50);
await report(outputOf(values.output), {
  benchmark: "propagation",
  notes: [
    `${changes} changes each; ${oneFile ? "all routes in one file" : "a file for each route"}. The file source's settle window after a rename is ${settle} ms, and part of each change. CPU is per change, clients' requests not counted.`,
  ],
  tables: [
    {
      headings: [
        "hosts",
        "start → first request",
        "CPU till then",
        "change p50",
        "p90",
        "p99",
        "p50 without settle window",
        "own CPU/change",
        "Envoy CPU/change",
        "own RSS",
        "Envoy RSS",
      ],
      rows: measurements.map((result) => [
        String(result.hosts),
        `${(result.startMilliseconds / 1000).toFixed(2)} s`,
        `${(result.startCpu / 1000).toFixed(2)} s`,
        `${half(result).toFixed(1)} ms`,
        `${percentile(result.latencies, 90).toFixed(1)} ms`,
        `${percentile(result.latencies, 99).toFixed(1)} ms`,
        `${(half(result) - settle).toFixed(1)} ms`,
        `${result.ownCpu.toFixed(1)} ms`,
        `${result.envoyCpu.toFixed(1)} ms`,
        `${result.ownMemory.toFixed(0)} MB`,
        `${result.envoyMemory.toFixed(0)} MB`,
      ]),
    },
  ],
  results: measurements,
  limits: limits(),
});

function limits(): readonly Limit[] {
  const [smallest] = measurements;
  const largest = measurements.at(-1);
  if (smallest === undefined || largest === undefined) return [];
  return [
    { what: `p50 at ${largest.hosts} hosts / at ${smallest.hosts}`, value: half(largest) / half(smallest), atMost: 2 },
    { what: "p50 without the settle window, ms", value: half(largest) - settle, atMost: 20 },
    { what: "start to first request, s", value: largest.startMilliseconds / 1000, atMost: 8 },
  ];
}

async function measure(hosts: number): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), "gatewright-propagation-"));
  const resources = join(folder, "resources");
  const staging = join(folder, "staging");
  try {
    await Promise.all([mkdir(resources), mkdir(staging)]);
    const port = await freePort();
    await writeFile(join(resources, "gateway.yaml"), gateway([{ port }], backendPort));
    const versions = Array.from({ length: hosts }, () => "0");
    const all = (): string => versions.map((version, host) => route(host, version)).join("---\n");
    if (oneFile) await writeFile(join(resources, "routes.yaml"), all());
    else for (let host = 0; host < hosts; host += 1) await writeFile(fileOf(resources, host), route(host, "0"));

    const started = performance.now();
    const gatewright = await startGatewright([resources]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const last = hosts - 1;
      while ((await versionOf(agent, port, last)) !== "0") await gatewright.alive();
      const startMilliseconds = performance.now() - started;
      const startCpu = (await gatewright.usage()).ownCpu;

      const latencies: number[] = [];
      for (let change = -5; change < changes; change += 1) {
        if (change === 0) await gatewright.mark();
        const host = Math.floor(Math.random() * hosts);
        const version = `${change}-${Math.random()}`;
        const staged = join(staging, "next.yaml");
        versions[host] = version;
        await writeFile(staged, oneFile ? all() : route(host, version));
        const began = performance.now();
        await rename(staged, oneFile ? join(resources, "routes.yaml") : fileOf(resources, host));
        while ((await versionOf(agent, port, host)) !== version) await gatewright.alive();
        if (change >= 0) latencies.push(performance.now() - began);
      }
      const { ownCpu, envoyCpu, ownMemory, envoyMemory } = await gatewright.usage();
      return {
        hosts,
        startMilliseconds,
        startCpu,
        latencies,
        ownCpu: ownCpu / changes,
        envoyCpu: envoyCpu / changes,
        ownMemory,
        envoyMemory,
      };
    } finally {
      agent.destroy();
      await gatewright.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fileOf(folder: string, host: number): string {
  return join(folder, `route-${host}.yaml`);
}

/** The version that a host answers with; undefined while it is not served. */
function versionOf(agent: Agent, port: number, host: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = request(
      { agent, port, host: "127.0.0.1", headers: { host: `host-${host}.example.com` } },
      (response) => {
        const version = response.headers["x-version"];
        response.resume();
        response.on("end", () =>
          resolve(response.statusCode === 200 && typeof version === "string" ? version : undefined),
        );
      },
    );
    // Before the listener is there, connections are refused: ask again, without spinning.
    sent.on("error", () => setTimeout(() => resolve(undefined), 5));
    sent.end();
  });
}
