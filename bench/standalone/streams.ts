/**
 * A thousand proxies that connect at once: what each costs the control plane beyond the snapshot that they share.
 *
 *     node bench/standalone/streams.ts [--streams 1000] [--routes 5000] [--gateways 1] [--tls] [--output json]
 *
 * The control plane with its xDS server is one process, the Envoys are another, which only subscribes, counts and acknowledges;
 * each has a connection and a delta stream of its own. They take turns among the Gateways. First ten connect, so that nothing of
 * the first time is counted; then all others at once, of which each gets everything; then a route changes, and
 * endpoints; then all of them connect anew and tell what they have, so that nothing is sent again.
 *
 * Memory is that after full collections, before and after the streams came. Linux only. Exits with 1 where a stream takes
 * more than 50 KiB (without TLS), or is told what it has.
 */

import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { startForked } from "../harness/forked.ts";
import type { Limit } from "../harness/judge.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import type { ClientCommands } from "../harness/xds/client.ts";
import type { Phase, ServerCommands } from "../harness/xds/server.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    streams: { type: "string", default: "1000" },
    routes: { type: "string", default: "5000" },
    gateways: { type: "string", default: "1" },
    tls: { type: "boolean", default: false },
    "server-flags": { type: "string", default: "" },
  },
});
const streams = Number(values.streams);
const shape = { routes: Number(values.routes), gateways: Number(values.gateways) };
const warmUp = 10;
const KiB = 1024;

const programs = join(import.meta.dirname, "../harness/xds");
const server = startForked<ServerCommands>(join(programs, "server.ts"), [
  "--expose-gc",
  ...values["server-flags"].split(" ").filter((flag) => flag !== ""),
]);
const first = startForked<ClientCommands>(join(programs, "client.ts"));
const crowd = startForked<ClientCommands>(join(programs, "client.ts"));
try {
  const { port, versions, snapshotBytes, credentials } = await server.call("start", { shape, tls: values.tls });
  progress(`${shape.routes} routes, ${(snapshotBytes / KiB / KiB).toFixed(1)} MiB of resources`);
  const to = { port, versions, ...(credentials === undefined ? {} : { credentials }) };
  const all = warmUp + streams;

  await first.call("connect", { ...to, streams: warmUp, again: false });
  await server.call("settled", warmUp);
  const before = await server.call("begin", undefined);
  progress(`${streams} streams connect`);
  await crowd.call("connect", { ...to, streams, again: false });
  const connected = await server.call("settled", all);
  const after = await server.call("memory", undefined);
  const snapshot = await crowd.call("received", undefined);

  const routeChanged = await median("route", all);
  const endpointsChanged = await median("endpoints", all);

  await crowd.call("disconnect", undefined);
  await server.call("settled", warmUp);
  const now = await server.call("versions", undefined);
  await server.call("begin", undefined);
  progress(`${streams} streams connect again`);
  await crowd.call("connect", { ...to, versions: now, streams, again: true });
  const again = await server.call("settled", all);
  const repeated = await crowd.call("received", undefined);
  const afterAgain = await server.call("memory", undefined);

  const perStream = {
    heapKiB: (after.heap - before.heap) / KiB / streams,
    externalKiB: (after.external - before.external) / KiB / streams,
    residentKiB: (after.resident - before.resident) / KiB / streams,
    residentAgainKiB: (afterAgain.resident - before.resident) / KiB / streams,
    peakKiB: (connected.peakResident - before.resident) / KiB / streams,
  };
  const limits: readonly Limit[] = [
    ...(values.tls
      ? []
      : [{ what: "memory of a stream beyond the snapshot, KiB", value: perStream.residentKiB, atMost: 50 }]),
    { what: "resources that a stream is told when it comes again", value: repeated.resources / streams, atMost: 0 },
    {
      what: "responses to a stream for a change",
      value: routeChanged.responses / all,
      atMost: shape.gateways === 1 ? 1 : 1 / shape.gateways,
    },
  ];
  await report(outputOf(values.output), {
    benchmark: "streams",
    notes: [
      `${streams} streams, ${shape.routes} routes, ${shape.gateways} Gateways, ${values.tls ? "mutual TLS" : "no TLS"}; ${(snapshotBytes / KiB / KiB).toFixed(1)} MiB of resources.`,
      `Memory of a stream: ${perStream.residentKiB.toFixed(1)} KiB resident, of which ${perStream.heapKiB.toFixed(1)} are of the JavaScript heap and ${perStream.externalKiB.toFixed(1)} other buffers of Node's; after all came again ${perStream.residentAgainKiB.toFixed(1)} KiB.`,
    ],
    tables: [
      {
        headings: [
          "what",
          "till the last has it",
          "CPU a stream",
          "bytes a stream",
          "responses a stream",
          "longest block",
          "peak RSS",
        ],
        rows: [
          phase(`all get ${(snapshot.resources / streams).toFixed(0)} resources`, connected, streams),
          phase("a route changes", routeChanged, all),
          phase("endpoints change", endpointsChanged, all),
          phase("all connect again", again, streams),
        ],
      },
    ],
    results: {
      streams,
      ...shape,
      tls: values.tls,
      snapshotBytes,
      perStream,
      connected,
      routeChanged,
      endpointsChanged,
      again,
    },
    limits,
  });
} finally {
  await Promise.all([server.stop(), first.stop(), crowd.stop()]);
}

/** Of five changes, by CPU. */
async function median(kind: "route" | "endpoints", count: number): Promise<Phase> {
  const changes: Phase[] = [];
  for (const version of [1, 2, 3, 4, 5]) {
    changes.push(await server.call("change", { kind, version, streams: count }));
    await wait(100);
  }
  const [, , middle] = changes.sort((left, right) => left.cpuMilliseconds - right.cpuMilliseconds);
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}

function phase(what: string, measured: Phase, count: number): readonly string[] {
  return [
    what,
    `${(measured.milliseconds / 1000).toFixed(2)} s`,
    `${(measured.cpuMilliseconds / count).toFixed(2)} ms`,
    (measured.bytes / count).toFixed(0),
    (measured.responses / count).toFixed(2),
    `${measured.longestBlockMilliseconds.toFixed(0)} ms`,
    `${(measured.peakResident / KiB / KiB).toFixed(0)} MiB`,
  ];
}
