/**
 * Whether memory stays as it is while one route changes again and again: 20,000 times, among 1,000 others.
 *
 *     node bench/memory.ts [--changes 20000] [--routes 1000] [--layout files|one-file]
 *
 * In one process, with a real Envoy: a text is read, applied, sent, and acknowledged before the next one comes. Each
 * change writes another header; every second one moves the route to another hostname, so that a table goes and another
 * comes; every tenth takes the route away, and the next one brings it back. With `one-file`, the text is that of a file
 * that holds all routes, and another one of them changes each time.
 *
 * The heap is measured after full collections. Linux only. Exits with 1 if memory grows: what is needed only once has
 * been taken by the first fifth.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silent } from "../src/fleet/logger.ts";
import { resolveEnvoy } from "../src/fleet/resolve-envoy.ts";
import { DocumentCache, readDocuments } from "../src/resources/read-documents.ts";
import { ObjectTable } from "../src/sources/files/object-table.ts";
import { localProxy, Standalone } from "../src/standalone/standalone.ts";
import { freePort, memory } from "./gatewright-process.ts";
import { judge } from "./judge.ts";
import { gateway, route } from "./resources.ts";
import { table } from "./table.ts";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "20000" },
    routes: { type: "string", default: "1000" },
    layout: { type: "string", default: "files" },
  },
});
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

const envoy = await resolveEnvoy();
const standalone = await Standalone.create({ envoy: envoy.path, logger: silent, drainMilliseconds: 0 });
try {
  const taken = await measure();
  const first = taken[samples / 5];
  const last = taken.at(-1);
  console.log(
    table(
      ["changes", "heap", "own RSS", "Envoy RSS"],
      taken.map(({ change, heap, own, envoy: envoyMemory }) => [
        String(change),
        ...[heap, own, envoyMemory].map((megabytes) => `${megabytes.toFixed(1)} MB`),
      ]),
    ),
  );
  const grown = (what: "heap" | "own" | "envoy"): number => (last?.[what] ?? Number.NaN) - (first?.[what] ?? 0);
  console.log(`\n${routes} routes; ${oneFile ? "all in one file" : "a file for each"}.\n`);
  judge([
    { what: "growth of the heap after the first fifth, MB", value: grown("heap"), atMost: 2 },
    { what: "growth of our resident memory, MB", value: grown("own"), atMost: 20 },
    { what: "growth of Envoy's, MB", value: grown("envoy"), atMost: 10 },
  ]);
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
  write("gateway.yaml", gateway(await freePort(), 9));
  const documents = Array.from({ length: routes }, (_, host) => route(host, "0"));
  write("routes.yaml", documents.join("---\n"));
  await standalone.startEnvoy();
  await standalone.xds.delivery.whenSettled(localProxy);

  const taken = [await sample(0)];
  for (let change = 1; change <= changes; change += 1) {
    const host = oneFile ? (change * 7919) % routes : routes;
    const hostname = `host-${host}-${change % 2 === 0 ? change : "stays"}.example.com`;
    const text = change % 10 === 0 ? "" : route(host, String(change), hostname);
    if (oneFile) {
      documents[host] = text;
      write("routes.yaml", documents.join("---\n"));
    } else write("changing.yaml", text);
    await standalone.xds.delivery.whenSettled(localProxy);
    if (change % (changes / samples) === 0) taken.push(await sample(change));
  }
  return taken;
}

async function sample(change: number): Promise<Sample> {
  // Twice: what a finalizer lets go is collected by the second.
  for (let time = 0; time < 2; time += 1) if (typeof collectGarbage === "function") collectGarbage();
  const state = standalone.envoy?.state;
  const pid = state?.state === "live" ? state.pid : undefined;
  return {
    change,
    heap: process.memoryUsage().heapUsed / 1e6,
    own: await memory([process.pid]),
    envoy: pid === undefined ? Number.NaN : await memory([pid]),
  };
}
