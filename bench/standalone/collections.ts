/**
 * What one change costs in the collections engine, by how many routes exist.
 *
 * The graph is shaped like the gateway's: routes are attached (fetching their gateway and a grant), attachments are grouped by
 * hostname, each hostname has a table. Every route has a hostname of its own and shares one with nine others; every gateway
 * and grant concerns ten routes. So a change touches as much at 100 routes as at 100,000 ("derivations run" says so), and what
 * still differs is memory: 100 routes stay in the processor's caches, 100,000 do not (at 100,000, changes to 100 of them only
 * cost 1.0 to 1.5 times as much as at 100).
 *
 *     node bench/standalone/collections.ts
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Collection, Input } from "../../src/collections/collection.ts";
import { Graph } from "../../src/collections/graph.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { report } from "../harness/report.ts";

interface Route {
  readonly gateway: string;
  readonly hostnames: readonly string[];
  readonly rules: readonly { readonly path: string; readonly backend: string; readonly weight: number }[];
}

interface Gateway {
  readonly port: number;
}

interface Bench {
  readonly graph: Graph;
  readonly routes: Input<Route>;
  readonly gateways: Input<Gateway>;
  readonly grants: Input<{ readonly to: string }>;
  readonly unread: Input<number>;
  readonly tables: Collection<unknown>;
}

interface Result {
  readonly size: number;
  readonly operation: string;
  readonly p50: number;
  readonly p99: number;
  readonly runs: number;
}

const { values } = parseArgs({ options: commonOptions });
const sizes = [100, 10_000, 100_000];
const samples = 1000;

function sharedBy(n: number): string {
  return `shared${Math.floor(n / 10)}.test`;
}

function routeOf(n: number, weight = 1): Route {
  const rules = ["/", "/cart", "/pay"].map((path) => ({ path, backend: `shop/service-${n}`, weight }));
  return { gateway: `g${Math.floor(n / 10)}`, hostnames: [`h${n}.test`, sharedBy(n)], rules };
}

function create(): Bench {
  const graph = new Graph();
  const routes = graph.input<Route>("routes");
  const gateways = graph.input<Gateway>("gateways");
  const grants = graph.input<{ to: string }>("grants");
  const unread = graph.input<number>("unread");
  const attachments = graph.deriveMany("attachments", routes, (route, key, { fetch }) => {
    const gateway = fetch(gateways, route.gateway);
    if (gateway === undefined) return [];
    const granted = fetch(grants, route.gateway) !== undefined;
    return [
      [`${route.gateway}/${key}`, { gateway: route.gateway, hostnames: route.hostnames, granted, rules: route.rules }],
    ];
  });
  graph.count("attachedRoutes", attachments, ({ gateway }) => [gateway, "all"]);
  const hosts = graph.group("hosts", attachments, ({ hostnames }) => hostnames);
  const tables = graph.derive("tables", hosts, (members, host) => {
    const rules = members.flatMap(({ key, value }) =>
      value.rules.map(({ path, backend, weight }) => ({
        path,
        weight,
        origin: key,
        cluster: value.granted ? backend : undefined,
      })),
    );
    return { host, rules: rules.toSorted((a, b) => b.path.length - a.path.length) };
  });
  tables.subscribe(() => {});
  return { graph, routes, gateways, grants, unread, tables };
}

function load({ graph, routes, gateways, grants }: Bench, objects: readonly Route[]): void {
  graph.transaction(() => {
    for (const [n, route] of objects.entries()) {
      routes.set(`r${n}`, route);
      if (n % 10 === 0) gateways.set(route.gateway, { port: 80 });
      if (n % 20 === 0) grants.set(route.gateway, { to: "shop" });
    }
  });
}

/** Changes of one kind, each with the number of the change and a route to make it at. */
const operations: readonly (readonly [name: string, (bench: Bench, change: number, route: number) => void])[] = [
  ["nobody reads it", ({ unread }, change) => unread.set("x", change)],
  ["equal route", ({ routes }, _, n) => routes.set(`r${n}`, routeOf(n))],
  ["route's rule", ({ routes }, change, n) => routes.set(`r${n}`, routeOf(n, change + 2))],
  [
    "route's hostname",
    ({ routes }, change, n) => routes.set(`r${n}`, { ...routeOf(n), hostnames: [`moved${change}.test`, sharedBy(n)] }),
  ],
  ["route comes", ({ routes }, change, n) => routes.set(`new${change}`, routeOf(n))],
  ["route goes", ({ routes }, change) => routes.delete(`new${change}`)],
  [
    "grant of 10 routes",
    ({ grants }, _, n) => {
      const key = routeOf(n).gateway;
      if (grants.get(key) === undefined) grants.set(key, { to: "shop" });
      else grants.delete(key);
    },
  ],
  ["gateway of 10 routes", ({ gateways }, change, n) => gateways.set(routeOf(n).gateway, { port: change })],
];

function measure(bench: Bench, size: number): readonly Result[] {
  return operations.map(([operation, act]) => {
    const before = runsOf(bench);
    const times: number[] = [];
    for (let change = 0; change < samples; change += 1) {
      // A stride that is prime to all sizes visits routes far apart.
      const route = (change * 7919) % size;
      const start = performance.now();
      act(bench, change, route);
      times.push((performance.now() - start) * 1000);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
    return { size, operation, p50: at(0.5), p99: at(0.99), runs: (runsOf(bench) - before) / samples };
  });
}

function runsOf({ graph }: Bench): number {
  return graph.dump().reduce((sum, { runs }) => sum + runs, 0);
}

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

// The first passes are for the compiler: what is measured at 100 routes should be as warm as what follows.
for (let pass = 0; pass < 3; pass += 1) {
  const warm = create();
  load(
    warm,
    Array.from({ length: 1000 }, (_, n) => routeOf(n)),
  );
  measure(warm, 1000);
}

const results: Result[] = [];
const loads: string[][] = [];
for (const size of sizes) {
  const objects = Array.from({ length: size }, (_, n) => routeOf(n));
  const before = heap();
  const bench = create();
  const start = performance.now();
  load(bench, objects);
  const took = performance.now() - start;
  const used = heap() - before;
  const derived = bench.graph.dump().reduce((sum, each) => sum + each.size, 0);
  const perRoute = `${(used / size / 1000).toFixed(2)} kB`;
  loads.push([`${size}`, took.toFixed(1), `${derived}`, (used / 1e6).toFixed(1), perRoute]);
  results.push(...measure(bench, size));
}

const rows = results
  .toSorted(
    (a, b) =>
      operations.findIndex(([name]) => name === a.operation) - operations.findIndex(([name]) => name === b.operation),
  )
  .map(({ operation, size, p50, p99, runs }) => {
    const base = results.find((other) => other.operation === operation && other.size === sizes[0])?.p50 ?? p50;
    return [operation, `${size}`, p50.toFixed(1), p99.toFixed(1), runs.toFixed(1), (p50 / base).toFixed(2)];
  });
await report(outputOf(values.output), {
  benchmark: "collections",
  tables: [
    {
      title: `cost of one change, ${samples} changes each`,
      headings: ["change", "routes", "p50 µs", "p99 µs", "derivations run", `p50 : ${sizes[0]} routes`],
      rows,
    },
    {
      title: "first load in one transaction, and memory beyond the routes themselves",
      headings: ["routes", "load ms", "entries", "memory MB", "a route"],
      rows: loads,
    },
  ],
  limits: [],
});
