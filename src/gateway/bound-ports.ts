import { createHash } from "node:crypto";
import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type ListenerCandidate, portName, type Socket, socketKey } from "./listener.ts";
import type { GivenPlace } from "./placement.ts";
import { compareSeniority, type Seniority } from "./precedence.ts";

/**
 * Ports that a shared fleet binds. Below are those that pods may use for other things; above are the ones from which a pod's own
 * connections go out (Linux: 32768 to 60999), one of which may be in use when a listener wants it.
 */
const first = 10_000;
const last = 29_999;
/** Of the proxies' own affairs: readiness and metrics (`healthPort`) among them. */
const reserved = (port: number): boolean => port >= 19_000 && port <= 19_099;

/** A socket that a Gateway of a shared fleet has to itself. */
export interface OwnSocket {
  readonly key: string;
  /** The Gateway's. */
  readonly seniority: Seniority;
  readonly port: number;
  readonly transport: Socket["transport"];
  /** Where the fleet listens for it already. */
  readonly assigned?: number;
}

/**
 * Where a shared fleet listens for each of its Gateways: a port for each socket, so that Gateways have nothing in common.
 *
 * What is assigned stays, so that Gateways may come and go without another's moving. What is new gets a port from its name, so that every
 * replica of the controller finds the same one by itself; where that is taken, the next one that is free, the oldest Gateway first.
 *
 * @returns by key; a socket for which none is left is missing
 */
export function boundPorts(sockets: readonly OwnSocket[]): ReadonlyMap<string, number> {
  const ordered = [...sockets].sort(
    (left, right) =>
      compareSeniority(left.seniority, right.seniority) ||
      left.port - right.port ||
      (left.transport < right.transport ? -1 : 1),
  );
  const taken = new Set<number>();
  const result = new Map<string, number>();
  const take = (key: string, port: number): void => {
    taken.add(port);
    result.set(key, port);
  };
  for (const { key, assigned } of ordered) {
    if (assigned !== undefined && isFree(assigned, taken)) take(key, assigned);
  }
  for (const { key } of ordered) {
    if (result.has(key)) continue;
    const port = freePort(key, taken);
    if (port !== undefined) take(key, port);
  }
  return result;
}

function isFree(port: number, taken: ReadonlySet<number>): boolean {
  return port >= first && port <= last && !reserved(port) && !taken.has(port);
}

function freePort(key: string, taken: ReadonlySet<number>): number | undefined {
  const count = last - first + 1;
  const start = createHash("sha256").update(key).digest().readUInt32BE(0) % count;
  for (let step = 0; step < count; step += 1) {
    const port = first + ((start + step) % count);
    if (isFree(port, taken)) return port;
  }
  return undefined;
}

/** {@link boundPorts} of all shared fleets, by {@link socketKey}. A socket that Gateways share is bound where clients know it, and is missing. */
export function deriveBoundPorts(
  graph: Graph,
  candidates: Collection<ListenerCandidate>,
  places: Collection<GivenPlace>,
): Collection<number> {
  // Nothing but what decides, so that no other change of a listener comes as far as here.
  const own = graph.derive("ownSockets", candidates, ({ socket, gateway: seniority }, _key, { fetch }) => {
    const { proxy, gateway, port, transport } = socket;
    if (gateway === undefined) return undefined;
    const assigned = fetch(places, gateway)?.boundPorts?.[portName(socket)];
    const found: OwnSocket & { readonly proxy: string } = {
      key: socketKey(socket),
      proxy,
      seniority,
      port,
      transport,
      ...(assigned === undefined ? {} : { assigned }),
    };
    return found;
  });
  const byProxy = graph.group("ownSocketsByProxy", own, ({ proxy }) => [proxy]);
  return graph.deriveMany("boundPorts", byProxy, (members) => {
    const bySocket = new Map(members.map(({ value }) => [value.key, value]));
    return [...boundPorts([...bySocket.values()])];
  });
}
