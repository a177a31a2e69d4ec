import { isRefusing } from "../gateway/derive-destinations.ts";
import type { Cluster, EndpointGroup } from "../ir/cluster.ts";
import type { FilterChain, Listener } from "../ir/listener.ts";
import { endpointOf, hostAndPort } from "./backends.ts";
import { chainFor, noChain } from "./chain.ts";
import { documentCandidates } from "./document-candidates.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { Answer, BackendStep, Explanation } from "./explanation.ts";
import { listenerCandidates } from "./listener-candidates.ts";
import { listenerStep, nothingListens, offsetNotes, socketsOn } from "./listener-step.ts";
import type { Connection } from "./request.ts";
import { streamCandidates } from "./route-candidates.ts";
import { percent } from "./rule-step.ts";

/** Where a connection of TCP or TLS, or datagrams, go: TCPRoutes, TLSRoutes and UDPRoutes. */
export function explainConnection(explained: Explained, connection: Connection): Explanation {
  const { scheme, port, serverName } = connection;
  const transport = scheme === "udp" ? "UDP" : "TCP";
  const listener = socketsOn(explained, transport, port)[0];
  const chain = listener && chainOf(listener, connection);
  const cluster = listener && chain && clusterOf(explained, listener, chain);
  const backends = cluster && streamBackends(explained, cluster);
  const kind = ({ tcp: "TCPRoute", tls: "TLSRoute", udp: "UDPRoute" } as const)[scheme];
  const host = serverName?.toLowerCase() ?? "*";
  return {
    request: {
      url: `${scheme}://${hostAndPort(connection.host, port)}`,
      headers: [],
      ...(serverName !== undefined && { serverName }),
    },
    answer:
      listener === undefined
        ? { by: "none", message: nothingListens(explained, transport, port) }
        : answerOf(listener, chain, connection, backends),
    ...(listener !== undefined && { listener: listenerStep(explained, listener, chain, host) }),
    ...(cluster !== undefined && {
      rule: { name: nameOf(cluster), match: "every connection", place: placeOf(explained, cluster.origin), steps: [] },
    }),
    ...(backends !== undefined && { backends }),
    candidates: [
      ...streamCandidates(explained, kind, serverName, {
        ...(listener !== undefined && { listener }),
        ...(cluster !== undefined && { winner: cluster.origin.resource }),
      }),
      ...listenerCandidates(explained, host, port, listener),
      ...(cluster === undefined ? documentCandidates(explained) : []),
    ],
    notes: listener === undefined ? [] : offsetNotes(explained, listener, port),
  };
}

function chainOf(listener: Listener, { scheme, serverName }: Connection): FilterChain | undefined {
  return chainFor(listener, scheme === "tls" ? serverName : undefined);
}

function clusterOf({ semantics }: Explained, { proxy }: Listener, chain: FilterChain): Cluster | undefined {
  return chain.kind === "http" || chain.cluster === undefined
    ? undefined
    : semantics.clusters.get(`${proxy}|${chain.cluster}`);
}

function answerOf(
  listener: Listener,
  chain: FilterChain | undefined,
  { scheme, serverName }: Connection,
  backends: readonly BackendStep[] | undefined,
): Answer {
  const closed = (message: string): Answer => ({ by: "none", message });
  if (chain === undefined) {
    return closed(`The connection is closed: ${noChain(listener, scheme === "tls" ? serverName : undefined)}.`);
  }
  if (chain.kind === "http")
    return closed(`The port speaks HTTP: ask with ${chain.tls === undefined ? "http" : "https"}://.`);
  if (backends === undefined)
    return closed(`The connection is closed: no ${scheme.toUpperCase()} route is attached there.`);
  const able = backends.filter(({ endpoints }) => endpoints.length > 0);
  if (able.length === 0) return closed("The connection is closed: there is no endpoint that is ready.");
  return { by: "backend", message: `It goes to ${able.map(({ name }) => name).join(" or ")}.` };
}

function nameOf({ origin: { resource } }: Cluster): string {
  return `${resource.kind} ${resource.namespace ?? "default"}/${resource.name}, rule 0`;
}

function groupsOf(
  { endpointSets }: Explained["semantics"],
  { proxy, discovery }: Cluster,
): readonly Pick<EndpointGroup, "weight" | "endpoints">[] {
  switch (discovery.kind) {
    case "endpoints":
      return endpointSets.get(`${proxy}|${discovery.endpoints}`)?.groups ?? [];
    case "groups":
      return discovery.groups;
    case "dns":
      return [{ weight: 1, endpoints: [{ address: discovery.hostname, port: discovery.port, health: "healthy" }] }];
  }
}

function streamBackends({ semantics, locate }: Explained, cluster: Cluster): readonly BackendStep[] {
  const { resource, path } = cluster.origin;
  const routeKey = `${resource.kind}/${resource.namespace ?? "default"}/${resource.name}`;
  const stream = semantics.streams.get(routeKey);
  const groups = groupsOf(semantics, cluster);
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  return groups.map(({ weight, endpoints }, index): BackendStep => {
    const backend = stream?.backends[index];
    const target = backend?.target ?? backend?.asIs;
    const known = isRefusing(endpoints) ? [] : endpoints.map(endpointOf);
    return {
      name: target === undefined ? "nowhere" : `${target.backend.replace("/", " ")}:${target.port}`,
      weight,
      percent: percent(weight, total),
      place: placeOf({ locate }, { resource, path }),
      endpoints: known,
      policies: [],
      ...(known.length === 0 && {
        problem: stream?.problems[0]?.message ?? "It has no endpoint that is ready, so its share is refused.",
      }),
    };
  });
}
