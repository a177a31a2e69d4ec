import { hostTableKey } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import { nearest } from "../resources/suggest.ts";
import { answerInPlace, answerOf } from "./answer.ts";
import { backendSteps, hostAndPort, problemsOfRule } from "./backends.ts";
import { type Decision, decide, type Served } from "./decide.ts";
import { documentCandidates } from "./document-candidates.ts";
import { explainConnection } from "./explain-connection.ts";
import type { Explained } from "./explained.ts";
import type { BackendStep, Explanation, HostStep } from "./explanation.ts";
import { bareHost } from "./host.ts";
import { listenerCandidates } from "./listener-candidates.ts";
import { listenerStep, nothingListens, offsetNotes, socketsOn } from "./listener-step.ts";
import { type ReceivedRequest, receive } from "./received-request.ts";
import { refusalNotes, refusalOfRule } from "./refusals.ts";
import { isRequest, type Question, type Request, textOf } from "./request.ts";
import { type Destination, routeCandidates } from "./route-candidates.ts";
import { ruleStep } from "./rule-step.ts";
import { tableCandidates } from "./table-candidates.ts";

/**
 * Says which answer a request gets, or where a connection goes, and why: the decision from listener to endpoint, and what else
 * could have been meant.
 *
 * Reads the listeners and host tables that Envoy's configuration is made from, and chooses among them as Envoy does.
 */
export function explain(explained: Explained, question: Question): Explanation {
  return isRequest(question) ? explainRequest(explained, question) : explainConnection(explained, question);
}

function explainRequest(explained: Explained, request: Request): Explanation {
  const [first, ...others] = decisions(explained, request);
  if (first === undefined) return unheard(explained, request);
  const { listener, decision } = first;
  const backends = backendsOf(explained, listener, decision);
  const chain = decision.kind === "closed" ? undefined : decision.chain;
  const received = "request" in decision ? decision.request : receivedOf(request);
  const table = decision.kind === "rule" || decision.kind === "no-rule" ? decision.table : undefined;
  const rule = decision.kind === "rule" ? decision.rule : undefined;
  const problems = rule === undefined ? [] : problemsOfRule(explained, rule);
  const refused = rule && refusalOfRule(explained, listener, rule);
  const host = bareHost(received?.authority ?? request.host);
  const destination: Destination = { listener, ...(table !== undefined && { table }) };
  return {
    request: asked(request),
    answer:
      refused === undefined ? answerOf(decision, backends ?? [], problems) : answerInPlace(decision, refused.message),
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
    notes: [...refusalNotes(explained, listener, table, rule), ...notesOf(explained, first, others, request)],
  };
}

interface ListenerDecision {
  readonly listener: Listener;
  readonly decision: Decision;
}

/**
 * What the sockets on the request's port make of it: those at the URL's address; or where that tells nothing, all, the one that
 * is most likely meant first, for several Gateways may have the port.
 */
function decisions(explained: Explained, request: Request): readonly ListenerDecision[] {
  const sockets = socketsOn(explained, "TCP", request.port);
  const there = sockets.filter((socket) => {
    const { address, additionalAddresses = [] } = socket;
    return [address, ...additionalAddresses, ...explained.addressesOf(socket)].includes(request.host);
  });
  return (there.length > 0 ? there : sockets)
    .map((listener): ListenerDecision => {
      return { listener, decision: decide(listener, request, servedOn(explained, listener)) };
    })
    .sort((left, right) => likelihood(right) - likelihood(left));
}

function servedOn({ semantics, options }: Explained, { proxy }: Listener): Served {
  return { options, table: (chain, hostname) => semantics.hostTables.get(hostTableKey({ proxy, chain, hostname })) };
}

const progress: Readonly<Record<Decision["kind"], number>> = {
  closed: 0,
  answered: 1,
  misdirected: 2,
  "no-rule": 3,
  rule: 4,
};

function likelihood({ decision }: ListenerDecision): number {
  const table = decision.kind === "rule" || decision.kind === "no-rule" ? decision.table?.hostname.length : undefined;
  return progress[decision.kind] * 1000 + Math.min(table ?? 0, 999);
}

function unheard(explained: Explained, request: Request): Explanation {
  const received = receivedOf(request);
  return {
    request: asked(request),
    answer: { by: "none", message: nothingListens(explained, "TCP", request.port) },
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

/** Gateways whose answers are told besides. */
const mostOthers = 4;

function notesOf(
  explained: Explained,
  { listener, decision }: ListenerDecision,
  others: readonly ListenerDecision[],
  request: Request,
): readonly string[] {
  const messageOf = (one: ListenerDecision): string =>
    answerOf(one.decision, backendsOf(explained, one.listener, one.decision) ?? []).message;
  const also = others.slice(0, mostOthers).map((other) => {
    const { address, proxy } = other.listener;
    return `${address ?? `Gateway ${proxy}`} listens on the port, too. There: ${messageOf(other)}`;
  });
  return [
    ...offsetNotes(explained, listener, request.port),
    ...(decision.kind !== "closed" && decision.chain.tls?.clients?.required === true
      ? [
          "The listener takes only clients that show a certificate; this is the answer to one whose certificate is valid.",
        ]
      : []),
    ...(decision.kind === "misdirected"
      ? [`With that server name: ${messageOf({ listener, decision: rightly(explained, listener, request, decision) })}`]
      : []),
    ...(decision.kind === "no-rule" && decision.table?.rules.length === 0
      ? nearestHost(explained, listener, decision)
      : []),
    ...also,
    ...(others.length > mostOthers ? [`${others.length - mostOthers} more listen on the port.`] : []),
  ];
}

/** The same on a connection that was made for the request's host. */
function rightly(
  explained: Explained,
  listener: Listener,
  request: Request,
  { request: { authority } }: Extract<Decision, { readonly kind: "misdirected" }>,
): Decision {
  return decide(listener, { ...request, serverName: bareHost(authority) }, servedOn(explained, listener));
}

/** For a host that was mistyped. */
function nearestHost(
  { semantics }: Explained,
  { proxy }: Listener,
  { chain, request }: Extract<Decision, { readonly kind: "no-rule" }>,
): readonly string[] {
  const known = [...semantics.hostTables.entries()]
    .map(([, table]) => table)
    .filter((table) => table.proxy === proxy && table.chain === chain.name && table.rules.length > 0)
    .map(({ hostname }) => hostname);
  const found = nearest(bareHost(request.authority), known);
  return found === undefined ? [] : [`The nearest hostname that is served there is ${found}.`];
}
