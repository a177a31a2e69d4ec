/**
 * What counting requests one by one costs Envoy: memory while nothing is asked for, memory once every rule has had a request, and
 * processor time of a request.
 *
 *     node bench/standalone/request-metrics.ts [--rules 10,1000,10000] [--requests 20000] [--shared]
 *
 * A real Envoy with one worker and one rule for each host, with and without the metrics; the same requests by one connection
 * after the other. With `--shared`, rules say whose Gateway's they are, as where several share a proxy. Linux only.
 */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { parseArgs } from "node:util";
import { startBackend } from "../../src/envoy/testing/backend.ts";
import { backend, forward, table as hostTable, httpListener, rule, to } from "../../src/envoy/testing/ir.ts";
import { resourcesOf } from "../../src/envoy/testing/proxy.ts";
import { validationBootstrap } from "../../src/envoy/validation-bootstrap.ts";
import { EnvoyProcess } from "../../src/fleet/envoy-process.ts";
import { silent } from "../../src/fleet/logger.ts";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { report } from "../harness/report.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    rules: { type: "string", default: "10,1000,10000" },
    requests: { type: "string", default: "20000" },
    shared: { type: "boolean", default: false },
  },
});
const requests = Number(values.requests);
const owner = values.shared ? { gateway: "shop/edge" } : {};
const { path } = await resolveEnvoy();
const one = await startBackend("one");
const rows: string[][] = [];
for (const rules of values.rules.split(",").map(Number)) {
  for (const counted of [false, true]) rows.push(await measure(rules, counted));
}
await one.stop();
await report(outputOf(values.output), {
  benchmark: "request-metrics",
  tables: [
    {
      headings: [
        "rules",
        "metrics",
        "memory at rest, MB",
        "with traffic on all, MB",
        "series",
        "lines",
        "CPU a request, µs",
      ],
      rows,
    },
  ],
  limits: [],
});

async function measure(rules: number, counted: boolean): Promise<string[]> {
  const tables = Array.from({ length: rules }, (_, index) =>
    hostTable(`host-${index}.test`, [
      rule({ name: `HTTPRoute/shop/route-${index}/0`, ...owner, action: forward([to("one")]) }),
    ]),
  );
  const resources = resourcesOf({
    backends: [backend("one", [one.port])],
    listeners: [httpListener()],
    tables: [hostTable("*", []), ...tables],
  });
  const bootstrap = JSON.stringify(
    validationBootstrap(resources, { adminSocket: "/replaced" }),
    (key, value: unknown) => (key === "access_log" && !counted ? undefined : value),
  );
  const envoy = await EnvoyProcess.start({
    envoy: path,
    bootstrap: { json: bootstrap },
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    drain: { drainMs: 0 },
  });
  try {
    const state = await envoy.when((now) => now.state === "live");
    const port = Number(/^http-80::[\d.]+:(\d+)$/m.exec((await envoy.admin.get("/listeners")).body)?.[1]);
    const pid = ("pid" in state ? state.pid : undefined) ?? Number.NaN;
    const atRest = await allocated(envoy);
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    await ask(port, agent, rules, rules);
    const withTraffic = await allocated(envoy);
    const before = processorTicks(pid);
    await ask(port, agent, requests, rules);
    const microseconds = ((processorTicks(pid) - before) * 10_000) / requests;
    const lines = (await envoy.admin.get("/stats/prometheus")).body.split("\n");
    agent.destroy();
    const series = lines.filter((line) => /^envoy_route_(requests_total|duration_milliseconds_count)\{/.test(line));
    return [
      String(rules),
      counted ? "yes" : "no",
      atRest,
      withTraffic,
      String(series.length),
      String(lines.length),
      microseconds.toFixed(0),
    ];
  } finally {
    await envoy.kill();
  }
}

async function ask(port: number, agent: Agent, count: number, hosts: number): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const host = `host-${number % hosts}.test`;
      await new Promise<void>((resolve, reject) => {
        const request = get({ host: "127.0.0.1", port, agent, headers: { host } }, (response) => {
          response.resume().on("end", () => resolve());
        });
        request.on("error", reject);
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
}

async function allocated(envoy: EnvoyProcess): Promise<string> {
  const memory: { readonly allocated: string } = JSON.parse((await envoy.admin.get("/memory")).body);
  return (Number(memory.allocated) / 1e6).toFixed(1);
}

/** Hundredths of a second. */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
