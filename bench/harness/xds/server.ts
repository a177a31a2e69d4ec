/**
 * The control plane and its xDS server in a process of their own, for `streams.ts`: what a cluster's controller is, without the
 * API server. It measures itself.
 */

import "../product-flags.ts";
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { createAuthority } from "../../../src/certificates/authority.ts";
import { isProxy, proxyUri } from "../../../src/certificates/proxy-identity.ts";
import { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { inCluster } from "../../../src/infrastructure/placement.ts";
import { readDocuments } from "../../../src/resources/read-documents.ts";
import { ObjectTable } from "../../../src/sources/files/object-table.ts";
import { MutualTls } from "../../../src/xds/credentials.ts";
import { XdsServer } from "../../../src/xds/server.ts";
import { answer } from "../forked.ts";
import type { Credentials, Versions } from "./client.ts";
import { type Memory, residentPeak, settledMemory } from "./memory.ts";
import { endpointSlice, route, type Shape, surroundings } from "./shape.ts";

/** Since the phase began. */
export interface Phase {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** Of responses, before gRPC's and HTTP/2's framing. */
  readonly bytes: number;
  readonly responses: number;
  readonly resources: number;
  /** The most that was resident, in bytes. */
  readonly peakResident: number;
  /** The longest time in which nothing else was done. */
  readonly longestBlockMilliseconds: number;
}

export interface Started {
  readonly port: number;
  /** By proxy: all that its Envoys have, by type and name. */
  readonly versions: Readonly<Record<string, Versions>>;
  /** Of all resources of all proxies. */
  readonly snapshotBytes: number;
  readonly credentials?: Readonly<Record<string, Credentials>>;
}

const controlPlane = new ControlPlane({ placement: inCluster });
const objects = new ObjectTable();
const sent = { bytes: 0, responses: 0, resources: 0 };
const loop = monitorEventLoopDelay({ resolution: 5 });
/** What a thousand streams don't have by then they never will. */
const patienceMs = 1_200_000;

let shape: Shape = { gateways: 0, routes: 0 };
let server: XdsServer | undefined;
let began = { at: 0, cpu: process.cpuUsage() };

const commands = {
  async start(argument: { readonly shape: Shape; readonly tls: boolean }): Promise<Started> {
    shape = argument.shape;
    apply("surroundings.yaml", surroundings(shape));
    apply("endpoints-0.yaml", endpointSlice(0, 0));
    for (let index = 0; index < shape.routes; index += 1) apply(`route-${index}.yaml`, route(index, 0, shape));
    const versions = versionsNow();
    let snapshotBytes = 0;
    for (const [, { encoded }] of controlPlane.envoyResources.entries()) snapshotBytes += encoded.length;
    const authority = argument.tls ? await createAuthority() : undefined;
    const identity = await authority?.issue({ end: "server", dnsNames: ["localhost"] });
    server = new XdsServer({
      resources: controlPlane.envoyResources,
      changedAt: () => controlPlane.since,
      ...(authority !== undefined &&
        identity !== undefined && {
          credentials: new MutualTls({ ...identity, trusted: authority.trusted }),
          mayFetch: isProxy,
        }),
      observer: {
        responseSent: ({ bytes, resources }) => {
          sent.bytes += bytes;
          sent.responses += 1;
          sent.resources += resources;
        },
      },
    });
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    if (authority === undefined) return { port, versions, snapshotBytes };
    const credentials: Record<string, Credentials> = {};
    for (const proxy of Object.keys(versions)) {
      const pair = await authority.issue({ end: "client", uri: proxyUri(proxy) });
      credentials[proxy] = { ...pair, trusted: authority.trusted };
    }
    return { port, versions, snapshotBytes, credentials };
  },

  /** A phase begins, after a full collection. */
  async begin(): Promise<Memory> {
    const memory = await settledMemory();
    // "5": the peak starts again at what is resident now.
    writeFileSync("/proc/self/clear_refs", "5");
    mark();
    return memory;
  },

  /** @returns when that many streams are there and have all that they should have */
  async settled(streams: number): Promise<Phase> {
    return await whenSettled(streams);
  },

  /** A change of one object, and what came of it when that many streams have acknowledged it. */
  async change(argument: {
    readonly kind: "route" | "endpoints";
    readonly version: number;
    readonly streams: number;
  }): Promise<Phase> {
    const { kind, version, streams } = argument;
    const batch =
      kind === "route"
        ? read("route-0.yaml", route(0, version, shape))
        : read("endpoints-0.yaml", endpointSlice(0, version));
    mark();
    controlPlane.apply(batch);
    return await whenSettled(streams);
  },

  versions: versionsNow,

  async memory(): Promise<Memory> {
    return await settledMemory();
  },
};

export type ServerCommands = typeof commands;

answer(commands);

function versionsNow(): Readonly<Record<string, Versions>> {
  const versions: Record<string, Record<string, Record<string, string>>> = {};
  for (const [, { proxy, typeUrl, name, version }] of controlPlane.envoyResources.entries()) {
    versions[proxy] ??= {};
    versions[proxy][typeUrl] ??= {};
    versions[proxy][typeUrl][name] = version;
  }
  return versions;
}

function mark(): void {
  Object.assign(sent, { bytes: 0, responses: 0, resources: 0 });
  loop.reset();
  loop.enable();
  began = { at: performance.now(), cpu: process.cpuUsage() };
}

async function whenSettled(streams: number): Promise<Phase> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const behind = server?.delivery.behindSeconds() ?? [];
    if (behind.length === streams && behind.every((seconds) => seconds === 0)) break;
    if (performance.now() > deadline)
      throw new Error(`${behind.length} of ${streams} streams, not all of them up to date`);
    await wait(2);
  }
  const milliseconds = performance.now() - began.at;
  const { user, system } = process.cpuUsage(began.cpu);
  loop.disable();
  return {
    ...sent,
    milliseconds,
    cpuMilliseconds: (user + system) / 1000,
    peakResident: residentPeak(),
    longestBlockMilliseconds: loop.max / 1e6,
  };
}

function read(file: string, text: string) {
  return objects.apply([{ file, documents: readDocuments(text, file) }]);
}

function apply(file: string, text: string): void {
  controlPlane.apply(read(file, text));
}
