import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createAuthority } from "../../../examples/seeds/certificate-authority.ts";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { defaultOptions } from "../../envoy/options.ts";
import { startProxy } from "../../envoy/testing/proxy.ts";
import { type HostTable, hostTableKey } from "../../ir/host-table.ts";
import type { Rule } from "../../ir/rule.ts";
import { formatPath } from "../../resources/origin.ts";
import { withGrpc } from "../answer.ts";
import { type Decision, decide } from "../decide.ts";
import type { Request } from "../request.ts";
import { sendHttp2 } from "./http2-client.ts";
import { planeOf } from "./plane.ts";
import { type RawAnswer, type RawRequest, type RawServer, sendRaw } from "./raw-client.ts";
import { requestBytes } from "./requests.ts";

/** What is compared: who answered, and how. Absent parts were not there. */
export interface Outcome {
  /** Absent: the connection was closed. */
  readonly status?: number;
  /** Host table, route, and the rule and match in it. */
  readonly rule?: string;
  readonly location?: string;
  readonly grpcStatus?: string;
  /** Host and path as the backend saw them. */
  readonly echo?: string;
}

/** The same resources in a real Envoy and in front of `explain`. */
export interface Rig {
  /** What Envoy answers to each over HTTP/1.1, byte for byte as they are. */
  ask(requests: readonly Request[]): Promise<readonly Outcome[]>;
  /** The same over HTTP/2, of requests that fit. */
  askHttp2(requests: readonly Request[]): Promise<readonly Outcome[]>;
  /** What may be the answer: one outcome, but for one of each destination where there are weights. */
  predict(request: Request): readonly Outcome[];
  /** Errors in the resources. */
  readonly errors: readonly string[];
  readonly rules: number;
  stop(): Promise<void>;
}

const namesRule = "x-rule";

/** @param objects of all kinds but GatewayClass, given the port of a backend that says what it sees, and a Secret's data for TLS */
export async function startRig(objects: (backendPort: number, certificate: object) => readonly object[]): Promise<Rig> {
  const authority = await createAuthority();
  const { cert, key } = await authority.issue(["*.example.com"], "ECDSA");
  const [backend, backendPort] = await startEcho();
  const data = { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
  const plane = planeOf(
    JSON.stringify({ apiVersion: "v1", kind: "List", items: [gatewayClass, ...objects(backendPort, data)] }),
  );
  const tables = new Map(
    [...plane.semantics.hostTables.entries()].map(([, table]) => [hostTableKey(table), withNames(table)]),
  );
  const proxy = await startProxy(partsOf(plane, [...tables.values()]));
  const listenerOf = ({ port }: Request) =>
    [...plane.semantics.sockets.entries()].map(([, socket]) => socket).find((socket) => socket.port === port);
  const together = async (
    requests: readonly Request[],
    send: (server: RawServer, group: readonly Request[]) => Promise<readonly (RawAnswer | undefined)[]>,
  ): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = [];
    const sendGroup = async (indexes: readonly number[]): Promise<void> => {
      const group = indexes.flatMap((index) => requests[index] ?? []);
      const { port = 0, serverName } = group[0] ?? {};
      const answers = await send(
        {
          port: proxy.port(`${port}/TCP`),
          ...(serverName !== undefined && { tls: { serverName, authority: authority.certificate } }),
        },
        group,
      );
      for (const [position, index] of indexes.entries()) outcomes[index] = seen(answers[position]);
    };
    await Promise.all(byConnection(requests).map(sendGroup));
    return outcomes;
  };
  return {
    errors: plane.findings().map(({ message }) => message),
    rules: [...tables.values()].reduce((sum, { rules }) => sum + rules.length, 0),
    predict(request) {
      const listener = listenerOf(request);
      if (listener === undefined) throw new Error(`nothing listens on ${request.port}`);
      const table = (chain: string, hostname: string) =>
        tables.get(hostTableKey({ proxy: listener.proxy, chain, hostname }));
      return outcomesOf(decide(listener, request, { table, options: defaultOptions }));
    },
    ask: (requests) =>
      together(requests, (server, group) =>
        sendRaw(
          server,
          group.map((request): RawRequest => ({ method: request.method, bytes: requestBytes(request) })),
        ),
      ),
    askHttp2: (requests) => together(requests, sendHttp2),
    async stop() {
      await proxy.stop();
      backend.closeAllConnections();
      backend.close();
    },
  };
}

/** Indexes of requests that can share a connection. */
function byConnection(requests: readonly Request[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [index, { port, serverName = "" }] of requests.entries()) {
    const key = `${port} ${serverName}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [index]);
    else known.push(index);
  }
  return [...groups.values()];
}

const gatewayClass = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "gatewright" },
  spec: { controllerName: "gatewright.dev/gateway-controller" },
};

/** Answers with the Host and path that it sees. */
async function startEcho(): Promise<readonly [Server, number]> {
  const server = createServer(({ headers, url }, response) => {
    response.writeHead(200, { "x-echo": `<${headers.host}> ${url}`, "content-length": "0" });
    response.end();
  });
  // Envoy may be about to use a connection that is closed for being idle, and answers 503.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return [server, address.port];
}

/** Every rule says in a header of its answers which one it is. */
function withNames(table: HostTable): HostTable {
  const rules = table.rules.map((rule) => {
    const { set = [], add = [], remove = [] } = rule.responseHeaders ?? {};
    const name = { name: namesRule, value: nameOf(rule, table) };
    return { ...rule, responseHeaders: { set: [...set, name], add, remove } };
  });
  return { ...table, rules };
}

/** @example "8000/a.example.com route-1 rules[0].matches[2]" */
function nameOf({ origin }: Rule, { chain, hostname }: HostTable): string {
  return `${chain}/${hostname} ${origin.resource.name} ${formatPath(origin.path.slice(1))}`;
}

/** Envoy picks free ports; the names of the listeners stay. */
function partsOf({ semantics }: ControlPlane, tables: readonly HostTable[]) {
  const values = <Value>(collection: { entries(): Iterable<readonly [string, Value]> }): readonly Value[] =>
    [...collection.entries()].map(([, value]) => value);
  const sets = new Map(values(semantics.endpointSets).map((set) => [set.name, set]));
  return {
    listeners: values(semantics.sockets).map((socket) => ({ ...socket, address: "127.0.0.1", port: 0 })),
    tables,
    backends: values(semantics.clusters).flatMap((cluster) => {
      const set = cluster.discovery.kind === "endpoints" ? sets.get(cluster.discovery.endpoints) : undefined;
      return set === undefined ? [] : [[cluster, set] as const];
    }),
    certificates: values(semantics.certificates),
  };
}

function seen(answer: RawAnswer | undefined): Outcome {
  if (answer === undefined) return {};
  const { status, headers } = answer;
  const part = (name: keyof Outcome, header: string): Partial<Outcome> => {
    const value = headers.get(header);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    status,
    ...part("rule", namesRule),
    ...part("location", "location"),
    ...part("grpcStatus", "grpc-status"),
    ...part("echo", "x-echo"),
  };
}

function outcomesOf(decision: Decision): readonly Outcome[] {
  const local = (grpc: boolean, statusCode: number, more: Outcome = {}): Outcome => {
    const { grpcStatus } = withGrpc(grpc, { by: "none", statusCode, message: "" });
    return {
      ...more,
      ...(grpcStatus === undefined ? { status: statusCode } : { status: 200, grpcStatus: String(grpcStatus) }),
    };
  };
  switch (decision.kind) {
    case "closed":
      return [{}];
    case "answered": {
      const { statusCode, location, grpc } = decision.answer;
      return [local(grpc, statusCode, location === undefined ? {} : { location })];
    }
    case "misdirected":
      return [local(decision.request.grpc, 421)];
    case "no-rule":
      return [local(decision.request.grpc, 404)];
    case "rule": {
      const { outcome, table, rule, request: received } = decision;
      const name = { rule: nameOf(rule, table) };
      switch (outcome.kind) {
        case "redirect":
          return [local(received.grpc, outcome.statusCode, { ...name, location: outcome.location })];
        case "respond":
          return [local(received.grpc, outcome.statusCode, name)];
        case "preflight":
          return [{ status: 200 }];
        case "forward": {
          const destinations = rule.action.kind === "forward" ? rule.action.destinations : [];
          return outcome.shares.map(({ authority, path }, index) =>
            destinations[index]?.cluster === undefined
              ? local(received.grpc, 500, name)
              : { ...name, status: 200, echo: `<${authority}> ${path}` },
          );
        }
      }
    }
  }
}
