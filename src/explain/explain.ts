import { covers } from "../gateway/hostname.ts";
import { socketKey } from "../gateway/listener.ts";
import { hostTableKey } from "../ir/host-table.ts";
import type { FilterChain, Listener } from "../ir/listener.ts";
import { answerOf } from "./answer.ts";
import { backendSteps, hostAndPort } from "./backends.ts";
import { type Decision, decide } from "./decide.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { BackendStep, Candidate, Explanation, HostStep, ListenerName, ListenerStep } from "./explanation.ts";
import { bareHost } from "./host.ts";
import { listenerCandidates } from "./listener-candidates.ts";
import { type ReceivedRequest, receive } from "./received-request.ts";
import { type Request, textOf } from "./request.ts";
import { type Destination, routeCandidates } from "./route-candidates.ts";
import { ruleStep } from "./rule-step.ts";
import { tableCandidates } from "./table-candidates.ts";

/**
 * Says which answer a request gets, and why: the decision from listener to endpoint, and what else could have been meant.
 *
 * Reads the listeners and host tables that Envoy's configuration is made from, and chooses among them as Envoy does.
 */
export function explain(explained: Explained, request: Request): Explanation {
  const [first, ...others] = decisions(explained, request);
  if (first === undefined) return unheard(explained, request);
  const { listener, decision } = first;
  const backends = backendsOf(explained, listener, decision);
  const chain = decision.kind === "closed" ? undefined : decision.chain;
  const received = "request" in decision ? decision.request : receivedOf(request);
  const table = decision.kind === "rule" || decision.kind === "no-rule" ? decision.table : undefined;
  const rule = decision.kind === "rule" ? decision.rule : undefined;
  const host = bareHost(received?.authority ?? request.host);
  const destination: Destination = { listener, ...(table !== undefined && { table }) };
  return {
    request: asked(request),
    answer: answerOf(decision, backends ?? []),
    listener: listenerStep(explained, listener, chain, host),
    ...hostAndPath(decision, request),
    ...(decision.kind === "rule" && { rule: ruleStep(explained, decision.rule, decision.table) }),
    ...(backends !== undefined && { backends }),
    candidates: [
      ...(table === undefined || received === undefined ? [] : tableCandidates(explained, table, received, rule)),
      ...(received === undefined ? [] : routeCandidates(explained, received, destination)),
      ...listenerCandidates(explained, host, listener.port, listener),
      ...(rule === undefined ? documentCandidates(explained) : []),
    ],
    notes: notesOf(explained, first, others, request),
  };
}

interface ListenerDecision {
  readonly listener: Listener;
  readonly decision: Decision;
}

/**
 * What every socket on the request's port makes of it, the one that is most likely meant first: several Gateways may have the
 * port, at addresses that the URL does not tell.
 */
function decisions(explained: Explained, request: Request): readonly ListenerDecision[] {
  const { semantics, options } = explained;
  const sockets = [...semantics.sockets.entries()]
    .map(([, listener]) => listener)
    .filter(({ transport }) => transport === "TCP");
  const exact = sockets.filter(({ port }) => port + options.portOffset === request.port);
  const heard = exact.length > 0 ? exact : sockets.filter(({ port }) => port === request.port);
  return heard
    .map((listener): ListenerDecision => {
      const served = {
        options,
        table: (chain: string, hostname: string) =>
          semantics.hostTables.get(hostTableKey({ proxy: listener.proxy, chain, hostname })),
      };
      return { listener, decision: decide(listener, request, served) };
    })
    .sort((left, right) => likelihood(right, request) - likelihood(left, request));
}

const progress: Readonly<Record<Decision["kind"], number>> = {
  closed: 0,
  answered: 1,
  misdirected: 2,
  "no-rule": 3,
  rule: 4,
};

function likelihood({ listener, decision }: ListenerDecision, { host }: Request): number {
  const here = [listener.address, ...(listener.additionalAddresses ?? [])].includes(host);
  const table = decision.kind === "rule" || decision.kind === "no-rule" ? decision.table?.hostname.length : undefined;
  return (here ? 10_000 : 0) + progress[decision.kind] * 1000 + Math.min(table ?? 0, 999);
}

function unheard(explained: Explained, request: Request): Explanation {
  const received = receivedOf(request);
  const ports = [...explained.semantics.sockets.entries()]
    .filter(([, { transport }]) => transport === "TCP")
    .map(([, { port }]) => port + explained.options.portOffset);
  const known = [...new Set(ports)].sort((left, right) => left - right).join(", ");
  return {
    request: asked(request),
    answer: {
      by: "none",
      message: `Nothing listens on port ${request.port}${known === "" ? ": no Gateway is served" : `; there are listeners on ${known}`}.`,
    },
    candidates: [
      ...listenerCandidates(explained, bareHost(received?.authority ?? request.host), request.port, undefined),
      ...(received === undefined ? [] : routeCandidates(explained, received, {})),
      ...documentCandidates(explained),
    ],
    notes: [],
  };
}

function asked(request: Request): Explanation["request"] {
  const { scheme, host, port, target, method, headers, serverName, clientAddress } = request;
  const shownPort = port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`;
  return {
    method,
    url: textOf(`${scheme}://${hostAndPort(host, undefined)}${shownPort}${target}`),
    headers: headers.map(({ name, value }) => textOf(`${name}: ${value}`)),
    ...(serverName !== undefined && { serverName }),
    ...(clientAddress !== undefined && { clientAddress }),
  };
}

function receivedOf(request: Request): ReceivedRequest | undefined {
  const reception = receive(request);
  return reception.kind === "received" ? reception.request : undefined;
}

function backendsOf(explained: Explained, { proxy }: Listener, decision: Decision): readonly BackendStep[] | undefined {
  if (decision.kind !== "rule" || decision.outcome.kind !== "forward") return undefined;
  const { action } = decision.rule;
  return action.kind === "forward" ? backendSteps(explained, proxy, action, decision.outcome.shares) : undefined;
}

function listenerStep(
  explained: Explained,
  listener: Listener,
  chain: FilterChain | undefined,
  host: string,
): ListenerStep {
  const { address = "*", port, transport } = listener;
  const names = [...explained.semantics.listeners.entries()]
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
    )
    .map(
      ({ name, parent, hostname, origin }): ListenerName => ({
        name,
        gateway: `${parent.kind} ${parent.key}`,
        hostname,
        place: placeOf(explained, origin),
      }),
    );
  return {
    address: hostAndPort(address, port + explained.options.portOffset),
    transport,
    chain: chain?.name ?? "",
    serverNames: chain?.serverNames ?? [],
    tls: chain?.tls !== undefined,
    listeners: names,
  };
}

function hostAndPath(decision: Decision, request: Request): Pick<Explanation, "host" | "path"> {
  if (!("request" in decision)) return {};
  const { authority, path, query, changes } = decision.request;
  const host = textOf(authority);
  const step: HostStep =
    decision.kind === "misdirected"
      ? { host, table: decision.choice.hostname, message: "belongs to another listener of the port" }
      : {
          host,
          table: decision.table?.hostname ?? "*",
          message: hostMessage(bareHost(host), decision.table?.hostname),
        };
  return { host: step, path: { asked: textOf(request.target), path: textOf(path + query), changes } };
}

function hostMessage(host: string, table: string | undefined): string {
  if (table === undefined) return "no route is for it";
  if (table === "*") return "no hostname that is served covers it, so it is one of all others";
  return table === host ? "served by name" : `the longest wildcard that covers it is ${table}`;
}

/** Documents with a mistake are not served as they stand, and may be what was meant. */
function documentCandidates({ findings }: Explained): readonly Candidate[] {
  return findings.flatMap(({ severity, origin, location, message }): readonly Candidate[] => {
    if (severity !== "error" || origin === undefined || !mayAnswer.test(origin.resource.kind)) return [];
    const { kind, namespace, name } = origin.resource;
    return [
      {
        kind: "document",
        name: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
        reason: "not-accepted",
        message: `has a mistake, so what is written there is not served: ${message}`,
        place: { ...placeOf({ locate: () => location }, origin) },
      },
    ];
  });
}

const mayAnswer = /^(Gateway|ListenerSet|GatewayClass|[A-Z]+Route)$/;

function notesOf(
  explained: Explained,
  { listener }: ListenerDecision,
  others: readonly ListenerDecision[],
  request: Request,
): readonly string[] {
  const { portOffset } = explained.options;
  const also = others.map(({ listener: { address = "*", proxy }, decision }) => {
    const status = answerOf(decision, backendsOf(explained, listener, decision) ?? []);
    return `${address === "*" ? `Gateway ${proxy}` : address} listens on the port, too; there the answer would be: ${status.message}`;
  });
  return [
    ...(portOffset !== 0 && listener.port + portOffset !== request.port
      ? [`This Gatewright runs with a port offset: port ${listener.port} is on ${listener.port + portOffset}.`]
      : []),
    ...also,
  ];
}
