/**
 * What wide configurations cost: to build them, and to change one route in them, at one size and at twice that.
 *
 *     node bench/standalone/shapes.ts
 *
 * Pure computation in one process, from documents that are read already to Envoy's resources and status. "Runs" counts
 * derivations. Exits with 1 where twice as much takes more than 2.2 times the runs or 3 times the CPU to build, or where
 * a change takes more runs because more is there that it doesn't touch.
 */
import { parseArgs } from "node:util";
import { ControlPlane } from "../../src/control-plane/control-plane.ts";
import { onThisMachine } from "../../src/gateway/placement.ts";
import { readDocuments } from "../../src/resources/read-documents.ts";
import { ObjectTable } from "../../src/sources/files/object-table.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { report } from "../harness/report.ts";

interface Shape {
  readonly name: string;
  readonly size: number;
  /** The listeners of each Gateway. */
  readonly gateways: (size: number) => readonly (readonly Listener[])[];
  readonly routes: (size: number) => number;
  readonly route: (index: number) => RouteShape;
}

interface Listener {
  readonly port: number;
  readonly hostname?: string;
}

interface RouteShape {
  readonly gateway: number;
  readonly hostnames: readonly string[];
  readonly path?: string;
}

const listeners = (count: number, listener: (index: number) => Listener): readonly Listener[] =>
  Array.from({ length: count }, (_, index) => listener(index));
const onePort: readonly (readonly Listener[])[] = [[{ port: 80 }]];

const shapes: readonly Shape[] = [
  {
    name: "routes with a hostname each",
    size: 5_000,
    gateways: () => onePort,
    routes: (size) => size,
    route: (index) => ({ gateway: 0, hostnames: [`host-${index}.test`] }),
  },
  {
    name: "routes with 16 hostnames each",
    size: 312,
    gateways: () => onePort,
    routes: (size) => size,
    route: (index) => ({
      gateway: 0,
      hostnames: Array.from({ length: 16 }, (_, host) => `host-${index}-${host}.test`),
    }),
  },
  {
    name: "routes on one hostname",
    size: 500,
    gateways: () => onePort,
    routes: (size) => size,
    route: (index) => ({ gateway: 0, hostnames: ["host.test"], path: `/${index}` }),
  },
  {
    name: "routes on 64 listeners each",
    size: 125,
    gateways: () => [listeners(64, (index) => ({ port: 1000 + index }))],
    routes: (size) => size,
    route: (index) => ({ gateway: 0, hostnames: [`host-${index}.test`] }),
  },
  {
    name: "Gateways of 64 listeners, on one port",
    size: 50,
    gateways: (size) =>
      Array.from({ length: size }, (_, gateway) =>
        listeners(64, (index) => ({ port: 80, hostname: `host-${index}.gateway-${gateway}.test` })),
      ),
    routes: (size) => size,
    route: (index) => ({ gateway: index, hostnames: [] }),
  },
  {
    name: "Gateways of 64 listeners, wildcards",
    size: 50,
    gateways: (size) =>
      Array.from({ length: size }, (_, gateway) =>
        listeners(64, (index) => ({ port: 1000 + index, hostname: `*.gateway-${gateway}.test` })),
      ),
    routes: (size) => size,
    route: (index) => ({ gateway: index, hostnames: [`host.gateway-${index}.test`] }),
  },
];

const base = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: bench}
spec: {controllerName: gatewright.dev/gateway-controller}
---
apiVersion: v1
kind: Service
metadata: {name: backend}
spec: {ports: [{port: 80}]}
`;

interface Measurement {
  readonly buildCpu: number;
  readonly buildRuns: number;
  readonly changeCpu: number;
  readonly changeRuns: number;
  readonly resources: number;
}

const { values } = parseArgs({ options: commonOptions });
const limits: Limit[] = [];
const rows = shapes.flatMap((shape) => {
  const sizes = [shape.size, 2 * shape.size];
  const [once, twice] = sizes.map((size) => measure(shape, size));
  if (once === undefined || twice === undefined) return [];
  limits.push(
    { what: `${shape.name}: runs to build twice as much`, value: twice.buildRuns / once.buildRuns, atMost: 2.2 },
    { what: `${shape.name}: CPU to build twice as much`, value: twice.buildCpu / once.buildCpu, atMost: 3 },
    { what: `${shape.name}: runs of a change in twice as much`, value: twice.changeRuns / once.changeRuns, atMost: 1 },
  );
  return [once, twice].map((result, index) => [
    shape.name,
    String(sizes[index]),
    String(result.resources),
    `${result.buildCpu.toFixed(0)} ms`,
    String(result.buildRuns),
    `${result.changeCpu.toFixed(2)} ms`,
    String(result.changeRuns),
  ]);
});
await report(outputOf(values.output), {
  benchmark: "shapes",
  tables: [
    {
      headings: ["shape", "number", "Envoy resources", "CPU to build", "runs", "CPU of a change", "runs of a change"],
      rows,
    },
  ],
  limits,
});

function measure(shape: Shape, size: number): Measurement {
  const controlPlane = new ControlPlane({ placement: onThisMachine("local") });
  const objects = new ObjectTable();
  const read = (file: string, text: string) => objects.apply([{ file, documents: readDocuments(text, file) }]);
  const routes = Array.from({ length: shape.routes(size) }, (_, index) => routeText(index, shape.route(index), 0));
  const everything = read("all.yaml", [base, ...shape.gateways(size).map(gatewayText), ...routes].join("---\n"));
  const runs = (): number => controlPlane.graph.dump().reduce((sum, node) => sum + node.runs, 0);

  const runsBefore = runs();
  const buildCpu = cpuOf(() => controlPlane.apply(everything));
  const buildRuns = runs() - runsBefore;

  const changes = 20;
  let changeCpu = 0;
  read("all.yaml", [base, ...shape.gateways(size).map(gatewayText), ...routes.slice(1)].join("---\n"));
  read("first.yaml", routes[0] ?? "");
  const runsBuilt = runs();
  for (let change = 1; change <= changes; change += 1) {
    const batch = read("first.yaml", routeText(0, shape.route(0), change));
    changeCpu += cpuOf(() => controlPlane.apply(batch));
  }
  return {
    buildCpu,
    buildRuns,
    changeCpu: changeCpu / changes,
    changeRuns: (runs() - runsBuilt) / changes,
    resources: controlPlane.envoyResources.size,
  };
}

/** In milliseconds. */
function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function gatewayText(of: readonly Listener[], index: number): string {
  const items = of.map(
    ({ port, hostname }, number) =>
      `  - {name: l${number}, port: ${port}, protocol: HTTP${hostname === undefined ? "" : `, hostname: "${hostname}"`}}\n`,
  );
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway-${index}}
spec:
  gatewayClassName: bench
  listeners:
${items.join("")}`;
}

function routeText(index: number, { gateway, hostnames, path }: RouteShape, version: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route-${index}}
spec:
  parentRefs: [{name: gateway-${gateway}}]
  hostnames: [${hostnames.join(", ")}]
  rules:
  - matches: [{path: {type: PathPrefix, value: ${path ?? "/"}}}]
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: x-version, value: "${version}"}]}
    backendRefs: [{name: backend, port: 80}]
`;
}
