/**
 * A thousand proxies that connect at once: what each costs the control plane beyond the snapshot that they share.
 *
 *     node bench/standalone/streams.ts [--streams 1000] [--routes 500] [--gateways 1] [--tls] [--output json]
 *
 * The control plane with its xDS server is one process, in the chart's settings of malloc; the Envoys are another, which only
 * subscribes, counts and acknowledges; each has a connection and a delta stream of its own. They take turns among the Gateways.
 * First ten connect, twice, so that nothing of the first time is counted; then all others at once, of which each gets everything; then a route
 * changes, and endpoints; then all of them leave, connect anew and tell what they have, so that nothing is sent again.
 *
 * Memory is what is resident after full collections, less what was before the streams came: the snapshot is in both. The same
 * connections and bytes with Node's own HTTP/2 server, in the same run, say what of it is Node's and OpenSSL's.
 * Linux only. Exits with 1 where a stream takes more than 50 KiB (with TLS: than that server and 50 KiB), leaves something behind, or is
 * told what it has.
 */

import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { startForked } from "../harness/forked.ts";
import type { Limit } from "../harness/judge.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import type { BareCommands } from "../harness/xds/bare-server.ts";
import type { ClientCommands, Versions } from "../harness/xds/client.ts";
import type { Memory } from "../harness/xds/memory.ts";
import type { Phase, ServerCommands } from "../harness/xds/server.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    streams: { type: "string", default: "1000" },
    routes: { type: "string", default: "500" },
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
/** As in the chart. */
const malloc = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "8192" };
const server = startForked<ServerCommands>(
  join(programs, "server.ts"),
  ["--expose-gc", ...values["server-flags"].split(" ").filter((flag) => flag !== "")],
  malloc,
);
const first = startForked<ClientCommands>(join(programs, "client.ts"));
const crowd = startForked<ClientCommands>(join(programs, "client.ts"));
try {
  const { port, versions, snapshotBytes, credentials } = await server.call("start", { shape, tls: values.tls });
  progress(`${shape.routes} routes, ${(snapshotBytes / KiB / KiB).toFixed(1)} MiB of resources`);
  const to = { port, versions, ...(credentials === undefined ? {} : { credentials }) };
  const all = warmUp + streams;

  for (const again of [false, true]) {
    await first.call("disconnect", undefined);
    await server.call("settled", 0);
    await first.call("connect", { ...to, streams: warmUp, again });
    await server.call("settled", warmUp);
  }
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
  const gone = await server.call("memory", undefined);
  const now = await server.call("versions", undefined);
  await server.call("begin", undefined);
  progress(`${streams} streams connect again`);
  await crowd.call("connect", { ...to, versions: now, streams, again: true });
  const again = await server.call("settled", all);
  const repeated = await crowd.call("received", undefined);
  const afterAgain = await server.call("memory", undefined);

  await Promise.all([server.stop(), first.stop(), crowd.stop()]);
  progress("the same with Node's own server");
  const bare = await bareMemory(versions, Math.ceil(snapshotBytes / shape.gateways));

  const perStream = {
    connected: beyond(before, after),
    gone: beyond(before, gone),
    again: beyond(before, afterAgain),
    peakKiB: (connected.peakResident - before.resident) / KiB / streams,
    bare,
  };
  const ours = (at: "connected" | "again") =>
    perStream[at].residentKiB - (values.tls ? Math.max(bare.connected.residentKiB, 0) : 0);
  const whose = values.tls ? "beyond the snapshot and a bare server's" : "beyond the snapshot";
  const limits: readonly Limit[] = [
    { what: `memory of a stream ${whose}, KiB`, value: ours("connected"), atMost: 50 },
    { what: `after all came again, KiB`, value: ours("again"), atMost: 50 },
    { what: "heap that a stream leaves behind, KiB", value: perStream.gone.heapKiB, atMost: 2 },
    { what: "resources that a stream is told when it comes again", value: repeated.resources / streams, atMost: 0 },
    {
      what: "responses to a stream for a change",
      value: routeChanged.responses / all,
      // Of one Gateway alone.
      atMost: (Math.ceil(streams / shape.gateways) + Math.ceil(warmUp / shape.gateways)) / all,
    },
  ];
  await report(outputOf(values.output), {
    benchmark: "streams",
    notes: [
      `${streams} streams, ${shape.routes} routes, ${shape.gateways} Gateways, ${values.tls ? "mutual TLS" : "no TLS"}; ${(snapshotBytes / KiB / KiB).toFixed(1)} MiB of resources.`,
      `At its most, while they came, ${perStream.peakKiB.toFixed(1)} KiB a stream were resident.`,
    ],
    tables: [
      {
        headings: ["memory of a stream, KiB", "resident", "JavaScript heap", "Node's buffers", "bare server, resident"],
        rows: [
          memoryRow("connected", perStream.connected, bare.connected),
          memoryRow("all are gone", perStream.gone, bare.gone),
          memoryRow("all came again", perStream.again, bare.again),
        ],
      },
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

interface StreamMemory {
  readonly residentKiB: number;
  readonly heapKiB: number;
  readonly externalKiB: number;
}

function beyond(before: Memory, after: Memory): StreamMemory {
  return {
    residentKiB: (after.resident - before.resident) / KiB / streams,
    heapKiB: (after.heap - before.heap) / KiB / streams,
    externalKiB: (after.external - before.external) / KiB / streams,
  };
}

/** @param bytes that a stream is sent */
async function bareMemory(
  versions: Readonly<Record<string, Versions>>,
  bytes: number,
): Promise<Record<"connected" | "gone" | "again", StreamMemory>> {
  const bare = startForked<BareCommands>(join(programs, "bare-server.ts"), ["--expose-gc"], malloc);
  const clients = [1, 2].map(() => startForked<ClientCommands>(join(programs, "client.ts")));
  const [few, many] = clients;
  try {
    if (few === undefined || many === undefined) throw new Error("no clients");
    const started = await bare.call("start", { bytes, tls: values.tls, proxies: Object.keys(versions) });
    await few.call("connect", { ...started, versions, streams: warmUp, again: false });
    await bare.call("settled", warmUp);
    const before = await bare.call("memory", undefined);
    const connect = async (again: boolean): Promise<StreamMemory> => {
      await many.call("connect", { ...started, versions, streams, again });
      await bare.call("settled", warmUp + streams);
      return beyond(before, await bare.call("memory", undefined));
    };
    const connected = await connect(false);
    await many.call("disconnect", undefined);
    await bare.call("settled", warmUp);
    const gone = beyond(before, await bare.call("memory", undefined));
    return { connected, gone, again: await connect(true) };
  } finally {
    await Promise.all([bare, ...clients].map((program) => program.stop()));
  }
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

function memoryRow(what: string, ours: StreamMemory, bare: StreamMemory): readonly string[] {
  const figures = [ours.residentKiB, ours.heapKiB, ours.externalKiB, bare.residentKiB];
  return [what, ...figures.map((figure) => figure.toFixed(1))];
}
