/**
 * How many instructions of Envoy's worker a request takes, ours beside an Envoy by hand, and what of ours takes how many.
 *
 *     node bench/standalone/data-plane-instructions.ts [--routes 100] [--layout hosts|paths] [--requests 500]
 *         [--protocol HTTP/1.1|HTTP/2|gRPC] [--only "Gatewright,no durations by rule"] [--output json]
 *
 * Envoy runs under valgrind, which counts what it does in user space; the kernel's part, which is the same for all, is not in it.
 * Requests come one after the other on one connection, to the first of so many hosts, or the middle one of so many paths of one host.
 * Unlike times, the figures are the same at
 * any load of the machine, to about 1 in 1,000. Needs valgrind, h2load and nginx.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import {
  backend,
  forward,
  table as hostTable,
  httpListener,
  match,
  prefix,
  rule,
  to,
} from "../../src/envoy/testing/ir.ts";
import { resourcesOf } from "../../src/envoy/testing/proxy.ts";
import { validationBootstrap } from "../../src/envoy/validation-bootstrap.ts";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { freePort } from "../harness/gatewright-process.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { type Backend, emptyMessage, startBackend } from "./data-plane/backend.ts";
import { certificateIn } from "./data-plane/certificate.ts";
import { handWrittenBootstrap } from "./data-plane/hand-written-envoy.ts";
import { statusOf } from "./data-plane/load.ts";
import { allRoutes, type Layout, oneHost, routeAt, type Scenario } from "./data-plane/scenario.ts";

const execute = promisify(execFile);

const { values } = parseArgs({
  options: {
    ...commonOptions,
    routes: { type: "string", default: "100" },
    requests: { type: "string", default: "500" },
    protocol: { type: "string", default: "HTTP/1.1" },
    layout: { type: "string", default: "hosts" },
    only: { type: "string" },
  },
});
const routes = Number(values.routes);
const requests = Number(values.requests);
const protocol = (["HTTP/2", "gRPC"] as const).find((name) => name === values.protocol) ?? "HTTP/1.1";
const layout: Layout = values.layout === "paths" && protocol !== "gRPC" ? "paths" : "hosts";
const only = values.only?.split(",");

type Json = Readonly<Record<string, unknown>>;

/** Ours, and ours with one thing done otherwise: what becomes of each object of its bootstrap. */
const variants: Readonly<Record<string, (object: Json) => Json>> = {
  Gatewright: (object) => object,
  "no requests by rule, backend and status": (object) => without(object, ["counters"]),
  "no durations by rule": (object) => without(object, ["histograms"]),
  neither: (object) => without(object, ["access_log"]),
  "idle filters are not disabled by tables": (object) =>
    without(object, ["listener-auth-0", "listener-auth-1", "cors", "external-auth", "session-persistence"]),
  "statistics of answers by the router": (object) => without(object, ["dynamic_stats"]),
  "no label of the Gateway": (object) => keeping(object, "tags", ({ name }) => name !== "gateway"),
  "gRPC is not told from the rest": (object) =>
    "access_log" in object
      ? {
          ...object,
          access_log: objectsIn(object["access_log"])
            .slice(0, 1)
            .map((log) => without(log, ["filter"])),
        }
      : object,
  "no filters that repair hosts": (object) =>
    keeping(object, "http_filters", ({ name }) => name !== "miss" && name !== "fix"),
  "no idle filters": (object) => keeping(object, "http_filters", ({ name }) => name === "envoy.filters.http.router"),
  "ports in the keys of scopes": (object) => without(object, ["element_separator"]),
  "one table for all hosts": (object) => ("scoped_routes" in object ? withOneTable(object) : object),
};

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** An object whose list has only some of its elements. */
function keeping(object: Json, list: string, keep: (element: Json) => boolean): Json {
  const all = object[list];
  return Array.isArray(all)
    ? { ...object, [list]: all.filter((element) => isObject(element) && keep(element)) }
    : object;
}

/** An HTTP connection manager with a virtual host for each of its scopes. */
function withOneTable(manager: Json): Json {
  const scopes = objectsIn(manager["scoped_routes"]).filter((object) => "route_configuration" in object);
  const hosts = scopes.map(({ name, route_configuration: table }) => {
    const [host = {}] = objectsIn(table).filter((object) => "domains" in object);
    const hostname = String(name).replace(/^.*\//, "");
    return { ...host, name: hostname, domains: [hostname] };
  });
  // What exact tables have, and the one for all other hosts has not.
  const [{ typed_per_filter_config } = {}] = scopes
    .flatMap(({ route_configuration: table }) => objectsIn(table))
    .filter((object) => "typed_per_filter_config" in object);
  return {
    ...without(manager, ["scoped_routes", "early_header_mutation_extensions"]),
    route_config: { name: "one", virtual_hosts: hosts, typed_per_filter_config },
  };
}

/** A value that is an object, and those in it, however deep. */
function objectsIn(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.flatMap((element) => objectsIn(element));
  return isObject(value) ? [value, ...Object.values(value).flatMap((field) => objectsIn(field))] : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function changed(value: unknown, change: (object: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((element) => changed(element, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(change(value)).map(([key, field]) => [key, changed(field, change)]));
}

const folder = await mkdtemp(join(tmpdir(), "data-plane-"));
const counts: (readonly [name: string, instructions: number])[] = [];
let one: Backend | undefined;
try {
  one = await startBackend(folder);
  const certificate = await certificateIn(folder);
  const scenario: Scenario = { routes, layout, backend: one, certificate, folder };
  const ports = async () => ({ http: await freePort(), http2: 0, https: await freePort(), grpc: await freePort() });
  for (const countsByRoute of [false, true]) {
    const byHand = await ports();
    const bootstrap = handWrittenBootstrap(scenario, byHand, folder, countsByRoute);
    const port = protocol === "gRPC" ? byHand.grpc : byHand.http;
    const name = countsByRoute ? "Envoy by hand, counting by route" : "Envoy by hand";
    counts.push([name, await count("by-hand.yaml", bootstrap, port)]);
  }
  const ours: unknown = ourBootstrap(one);
  for (const [name, change] of Object.entries(variants)) {
    if (only?.includes(name) === false) continue;
    const port = await freePort();
    const listening = changed(changed(ours, change), (object) =>
      object["port_value"] === 0 ? { ...object, port_value: port } : object,
    );
    counts.push([name, await count("gatewright.json", JSON.stringify(listening), port)]);
  }
} finally {
  await one?.stop();
  await rm(folder, { recursive: true, force: true });
}

const [plain = Number.NaN, counting = Number.NaN, whole = Number.NaN] = counts.map(([, instructions]) => instructions);
await report(outputOf(values.output), {
  benchmark: "data-plane-instructions",
  notes: [`${protocol}, ${routes} ${layout}, ${requests} requests each.`],
  tables: [
    {
      headings: ["", "instructions a request", "of Envoy's that counts", "of plain Envoy's", "beyond Gatewright's"],
      rows: counts.map(([name, instructions]) => [
        name,
        instructions.toFixed(0),
        (instructions / counting).toFixed(3),
        (instructions / plain).toFixed(3),
        (instructions - whole).toFixed(0),
      ]),
    },
  ],
  results: { protocol, layout, routes, requests, counts: Object.fromEntries(counts) },
  limits: [
    {
      what: "instructions a request in user space, the kernel's not counted, in those of Envoy by hand that counts by route",
      value: whole / counting,
      atMost: 1.05,
    },
  ],
});

/** What a proxy of one Gateway is sent, all at once. */
function ourBootstrap({ http, grpc }: Backend): object {
  const action = forward([to("one")]);
  const rules = allRoutes({ layout, routes }).map(({ hostname, path }, index) => ({
    hostname,
    rule:
      protocol === "gRPC"
        ? rule({ name: `GRPCRoute/default/grpc-${index}/0`, match: match({ grpc: true }), action })
        : rule({ name: `HTTPRoute/default/http-${index}/0`, match: prefix(path), action }),
  }));
  const tables =
    layout === "hosts"
      ? rules.map(({ hostname, rule: own }) => hostTable(hostname, [own]))
      : [
          hostTable(
            oneHost,
            rules.map(({ rule: own }) => own),
          ),
        ];
  const chains = httpListener().chains.map((chain) => ({ ...chain, gateway: "default/bench" }));
  const cluster = protocol === "gRPC" ? backend("one", [grpc], { protocol: "HTTP/2" }) : backend("one", [http]);
  const resources = resourcesOf({
    backends: [cluster],
    listeners: [httpListener("http-80", { chains })],
    tables: [hostTable("*", []), ...tables],
  });
  return validationBootstrap(resources);
}

/** Instructions a request, of an Envoy with this configuration. */
async function count(file: string, configuration: string, port: number): Promise<number> {
  progress(`instructions of ${file}`);
  await writeFile(join(folder, file), configuration);
  const { path } = await resolveEnvoy();
  const options = ["--concurrency", "1", "--log-level", "error", "--disable-hot-restart"];
  const valgrind = spawn(
    "valgrind",
    [
      "--tool=callgrind",
      "--instr-atstart=no",
      "--callgrind-out-file=/dev/null",
      path,
      "--config-path",
      join(folder, file),
      ...options,
    ],
    { stdio: "ignore" },
  );
  const target = routeAt({ layout }, layout === "hosts" ? 0 : Math.floor(routes / 2));
  const message = join(folder, "message");
  await writeFile(message, emptyMessage);
  const call = [`--data=${message}`, "--header=content-type: application/grpc", "--header=te: trailers"];
  const send = async (number: number): Promise<void> => {
    const how = protocol === "HTTP/1.1" ? ["--h1"] : ["--max-concurrent-streams=1"];
    const what = protocol === "gRPC" ? call : [];
    const url = `http://${target.hostname}${target.path}`;
    const common = [`--connect-to=127.0.0.1:${port}`, "--clients=1", `--requests=${number}`, ...how, ...what];
    const { stdout } = await execute("h2load", [...common, url]);
    if (!stdout.includes(`${number} succeeded`)) throw new Error(stdout);
  };
  const control = async (command: readonly string[]): Promise<string> =>
    (await execute("callgrind_control", [...command, String(valgrind.pid)])).stdout;
  try {
    const deadline = performance.now() + 180_000;
    while ((await statusOf(protocol, port, target)) !== 200) {
      if (valgrind.exitCode !== null || performance.now() > deadline) throw new Error(`${file}: Envoy does not serve`);
      await sleep(500);
    }
    await send(200);
    await control(["--instr=on"]);
    // What is compiled and cached for the first time does not count.
    await send(300);
    await control(["--zero"]);
    await send(requests);
    const threads = [...(await control(["-e"])).matchAll(/Th \d+\s+([\d,]+)/g)];
    return Math.max(...threads.map(([, total = ""]) => Number(total.replaceAll(",", "")))) / requests;
  } finally {
    valgrind.kill("SIGKILL");
    await once(valgrind, "exit");
  }
}
