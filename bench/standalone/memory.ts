/**
 * Whether memory stays as it is while things change again and again: 10,000 times, among 1,000 hosts.
 *
 *     node bench/standalone/memory.ts [--changes 10000] [--routes 1000] [--layout files|one-file] [--only routes,endpoints,…]
 *
 * In one process, with a real Envoy: a text is read, applied, sent, and acknowledged before the next one comes. Changes take turns:
 * a route (another header; another hostname, so that a table goes and another comes; it goes, and comes again), endpoints, a
 * Service with a name that never was, a certificate, a rule that Envoy refuses, and now and then a listener. With `one-file`, the text
 * of a changed route is that of a file that holds all routes, and another one of them changes each time.
 *
 * The heap is measured after full collections. Linux only. Exits with 1 if memory after all changes is more than 10 % over that
 * after the first tenth.
 */
import "../harness/product-flags.ts";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import type { Tampering } from "../../src/control-plane/tampering.ts";
import { silent } from "../../src/fleet/logger.ts";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";
import { DocumentCache, readDocuments } from "../../src/resources/read-documents.ts";
import { ObjectTable } from "../../src/sources/files/object-table.ts";
import { localProxy, Standalone } from "../../src/standalone/standalone.ts";
import { bounded } from "../../test/e2e/harness/wait.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { freePort } from "../harness/gatewright-process.ts";
import { usageOf } from "../harness/processes.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { backend, gateway, type Listener, route } from "../harness/resources.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    changes: { type: "string", default: "10000" },
    routes: { type: "string", default: "1000" },
    layout: { type: "string", default: "files" },
    only: { type: "string", default: "routes,endpoints,services,certificates,refused,listeners" },
  },
});
const only = values.only.split(",");
const changes = Number(values.changes);
const routes = Number(values.routes);
const oneFile = values.layout === "one-file";
const samples = 10;

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

interface Sample {
  readonly change: number;
  readonly heap: number;
  readonly own: number;
  readonly envoy: number;
}

/** A header's value that begins so is one that Envoy refuses. */
const refused = "refused-";
const tampering: Tampering = {
  hostTables: (hosts) => ({
    ...hosts,
    rules: hosts.rules.map((rule) => {
      const [header] = rule.responseHeaders?.set ?? [];
      if (header?.value.startsWith(refused) !== true) return rule;
      return { ...rule, responseHeaders: { set: [{ ...header, value: `${header.value}\n` }], add: [], remove: [] } };
    }),
  }),
};

const envoy = await resolveEnvoy();
// Envoy keeps a listener that was removed for ten minutes, 240 KB each, for its connections to end.
const envoyArguments = ["--drain-time-s", "5"];
const standalone = await Standalone.create({
  envoy: envoy.path,
  logger: silent,
  drainMilliseconds: 0,
  envoyArguments,
  tampering,
});
try {
  const taken = await measure();
  const first = taken[1];
  const last = taken.at(-1);
  const ratio = (what: "heap" | "own" | "envoy"): number =>
    (last?.[what] ?? Number.NaN) / (first?.[what] ?? Number.NaN);
  await report(outputOf(values.output), {
    benchmark: "memory",
    notes: [`${routes} routes; ${oneFile ? "all in one file" : "a file for each"}`],
    tables: [
      {
        headings: ["changes", "heap, MB", "own RSS, MiB", "Envoy RSS, MiB"],
        rows: taken.map(({ change, heap, own, envoy: envoyMemory }) => [
          String(change),
          ...[heap, own, envoyMemory].map((amount) => amount.toFixed(1)),
        ]),
      },
    ],
    results: taken,
    limits: [
      { what: `heap after ${changes} changes / after ${changes / samples}`, value: ratio("heap"), atMost: 1.1 },
      { what: "our resident memory", value: ratio("own"), atMost: 1.1 },
      { what: "Envoy's", value: ratio("envoy"), atMost: 1.1 },
    ],
  });
} finally {
  await standalone.stop();
}

async function measure(): Promise<readonly Sample[]> {
  const objects = new ObjectTable();
  const caches = new Map<string, DocumentCache>();
  const write = (file: string, text: string): void => {
    const cache = caches.get(file) ?? new DocumentCache();
    caches.set(file, cache);
    standalone.controlPlane.apply(objects.apply([{ file, documents: readDocuments(text, file, cache) }]));
  };
  const authority = await createAuthority();
  const pairs = await Promise.all(Array.from({ length: 8 }, () => authority.issue(["*.example.com"])));
  const certificates = pairs.map((pair) => tlsSecret("default", "bench", pair));
  const [http, https, more] = [await freePort(), await freePort(), await freePort()];
  const always: readonly Listener[] = [{ port: http }, { port: https, certificate: "bench" }];
  write("gateway.yaml", gateway(always, 9));
  write("certificate.yaml", certificates[0] ?? "");
  const documents = Array.from({ length: routes }, (_, host) => route(host, "0"));
  write("routes.yaml", documents.join("---\n"));
  await standalone.startEnvoy();
  await settled();

  const changeRoute = (change: number): void => {
    const host = oneFile ? (change * 7919) % routes : routes;
    const hostname = `host-${host}-${change % 2 === 0 ? change : "stays"}.example.com`;
    const text = change % 10 === 0 ? "" : route(host, String(change), hostname);
    if (oneFile) {
      documents[host] = text;
      write("routes.yaml", documents.join("---\n"));
    } else write("changing.yaml", text);
  };
  const turns: Readonly<Record<string, (change: number) => void>> = {
    routes: changeRoute,
    endpoints: (change) =>
      write("moving.yaml", [backend("moving", 10 + (change % 50)), route(-1, "0", "m.org", "moving")].join("---\n")),
    services: (change) =>
      write("new.yaml", [backend(`new-${change}`, 9), route(-2, "0", "n.org", `new-${change}`)].join("---\n")),
    certificates: (change) => write("certificate.yaml", certificates[change % certificates.length] ?? ""),
    refused: (change) =>
      write("refused.yaml", change % 3 === 0 ? "" : route(-3, `${refused}${change}`, `r-${change % 7}.org`)),
    listeners: (change) => write("gateway.yaml", gateway(change % 100 === 0 ? always : [...always, { port: more }], 9)),
  };
  const inTurn = only.filter((kind) => kind !== "listeners");
  const taken = [await sample(0)];
  for (let change = 1; change <= changes; change += 1) {
    const kind = change % 50 === 0 && only.includes("listeners") ? "listeners" : inTurn[change % inTurn.length];
    turns[kind ?? ""]?.(change);
    await settled();
    if (change % (changes / samples) === 0) taken.push(await sample(change));
  }
  return taken;
}

async function settled(): Promise<void> {
  await bounded(standalone.xds.delivery.whenSettled(localProxy), 180_000, "a change that Envoy has to acknowledge");
}

async function sample(change: number): Promise<Sample> {
  // Twice: what a finalizer lets go is collected by the second.
  for (let time = 0; time < 2; time += 1) if (typeof collectGarbage === "function") collectGarbage();
  const state = standalone.envoy?.state;
  const pid = state?.state === "live" ? state.pid : undefined;
  progress(`${change} changes`);
  return {
    change,
    heap: process.memoryUsage().heapUsed / 1e6,
    own: (await usageOf([process.pid])).rssMiB,
    envoy: pid === undefined ? Number.NaN : (await usageOf([pid])).rssMiB,
  };
}
