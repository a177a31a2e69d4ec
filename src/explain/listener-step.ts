import { covers } from "../gateway/hostname.ts";
import { socketKey } from "../gateway/listener.ts";
import type { FilterChain, Listener } from "../ir/listener.ts";
import { hostAndPort } from "./backends.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { ListenerName, ListenerStep } from "./explanation.ts";

/** The sockets of a transport that are meant by a port: with the offset that ports are served with, or else without. */
export function socketsOn(
  { semantics, options }: Explained,
  transport: Listener["transport"],
  port: number,
): readonly Listener[] {
  const sockets = [...semantics.sockets.entries()]
    .map(([, socket]) => socket)
    .filter((socket) => socket.transport === transport);
  const exact = sockets.filter((socket) => socket.port + options.portOffset === port);
  return exact.length > 0 ? exact : sockets.filter((socket) => socket.port === port);
}

/** @example "Nothing listens on port 81; there are listeners on 80, 443." */
export function nothingListens(
  { semantics, options }: Explained,
  transport: Listener["transport"],
  port: number,
): string {
  const ports = [...semantics.sockets.entries()]
    .filter(([, socket]) => socket.transport === transport)
    .map(([, socket]) => socket.port + options.portOffset);
  const known = [...new Set(ports)].sort((left, right) => left - right).join(", ");
  const where = transport === "UDP" ? `UDP port ${port}` : `port ${port}`;
  return `Nothing listens on ${where}${known === "" ? "" : `; there are listeners on ${known}`}.`;
}

/** Ports are not always where the Gateway says. */
export function offsetNotes(
  { options: { portOffset } }: Explained,
  listener: Listener,
  port: number,
): readonly string[] {
  return portOffset === 0 || listener.port + portOffset === port
    ? []
    : [`This Gatewright runs with a port offset: port ${listener.port} is on ${listener.port + portOffset}.`];
}

/** The socket that a request or connection comes to, with the Gateways' listeners that it is made from. */
export function listenerStep(
  explained: Explained,
  listener: Listener,
  chain: FilterChain | undefined,
  host: string,
): ListenerStep {
  const { address = "*", port, transport } = listener;
  const found = [...explained.semantics.listeners.entries()]
    .map(([, one]) => one)
    .filter(
      ({ socket, serving, chain: own }) =>
        serving &&
        socketKey(socket) === `${listener.proxy}|${listener.name}` &&
        (chain === undefined || own === undefined || own === chain.name),
    )
    .sort(
      (left, right) =>
        Number(covers(right.hostname, host)) - Number(covers(left.hostname, host)) ||
        right.hostname.length - left.hostname.length,
    );
  return {
    address: hostAndPort(address, port + explained.options.portOffset),
    transport,
    chain: chain?.name ?? "",
    serverNames: chain?.serverNames ?? [],
    protocol: found[0]?.protocol ?? transport,
    listeners: found.map(
      ({ name, parent, hostname, origin }): ListenerName => ({
        name,
        gateway: `${parent.kind} ${parent.key}`,
        hostname,
        place: placeOf(explained, origin),
      }),
    ),
  };
}
