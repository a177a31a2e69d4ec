/**
 * Many Envoys in one process, as far as a control plane can tell: each has a connection and a delta stream of its own,
 * subscribes in Envoy's order, acknowledges everything, and forgets what it counted. For `streams.ts`.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema } from "../../../src/envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import {
  CLUSTER,
  CLUSTER_LOAD_ASSIGNMENT,
  LISTENER,
  SCOPED_ROUTE_CONFIGURATION,
  SECRET,
} from "../../../src/xds/type-url.ts";
import { answer } from "../forked.ts";
import { type ReceivedResponse, ResponseReader } from "./response-reader.ts";

/** Versions by type and name. */
export type Versions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  readonly trusted: string;
}

export interface ConnectOptions {
  readonly port: number;
  readonly streams: number;
  /** Streams take turns among them. */
  readonly versions: Readonly<Record<string, Versions>>;
  readonly credentials?: Readonly<Record<string, Credentials>>;
  /** Whether they have everything already, from earlier streams. */
  readonly again: boolean;
}

/** Envoy's own windows. */
const streamWindow = 16 << 20;
const connectionWindow = 24 << 20;
const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

const sessions = new Set<ClientHttp2Session>();
let received = { resources: 0, responses: 0 };

const commands = {
  connect(options: ConnectOptions): void {
    received = { resources: 0, responses: 0 };
    const proxies = Object.keys(options.versions);
    const first = new Map(
      proxies.map((proxy) => [proxy, firstRequests(options.versions[proxy] ?? {}, options.again)] as const),
    );
    for (let index = 0; index < options.streams; index += 1) {
      const proxy = proxies[index % proxies.length] ?? "";
      const requests = first.get(proxy);
      if (requests !== undefined) open(options, proxy, index, requests);
    }
  },
  disconnect(): void {
    for (const session of sessions) session.destroy();
    sessions.clear();
  },
  received(): typeof received {
    return received;
  },
};

export type ClientCommands = typeof commands;

answer(commands);

/** The first request of each type, by type; encoded once for all. */
function firstRequests(versions: Versions, again: boolean): ReadonlyMap<string, Uint8Array> {
  const types = [CLUSTER, CLUSTER_LOAD_ASSIGNMENT, SECRET, LISTENER, SCOPED_ROUTE_CONFIGURATION];
  const named = [CLUSTER_LOAD_ASSIGNMENT, SECRET];
  return new Map(
    types.flatMap((typeUrl): readonly (readonly [string, Uint8Array])[] => {
      const known = versions[typeUrl] ?? {};
      const names = named.includes(typeUrl) ? Object.keys(known) : [];
      if (named.includes(typeUrl) && names.length === 0) return [];
      return [
        [typeUrl, request({ typeUrl, resourceNamesSubscribe: names, initialResourceVersions: again ? known : {} })],
      ];
    }),
  );
}

function open(
  { port, credentials, again }: ConnectOptions,
  proxy: string,
  index: number,
  first: ReadonlyMap<string, Uint8Array>,
): void {
  const identity = credentials?.[proxy];
  const session =
    identity === undefined
      ? connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: streamWindow } })
      : connect(`https://localhost:${port}`, {
          settings: { initialWindowSize: streamWindow },
          cert: identity.certificate,
          key: identity.key,
          ca: identity.trusted,
        });
  sessions.add(session);
  session.on("error", (error) => sessions.has(session) && console.error(`stream ${index}: ${error.message}`));
  session.on("connect", () => session.setLocalWindowSize(connectionWindow));
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", (error) => sessions.has(session) && console.error(`stream ${index}: ${error.message}`));
  stream.on("trailers", (trailers) => console.error(`stream ${index} ended: ${JSON.stringify(trailers)}`));
  const envoy = new SimulatedEnvoy(stream, first, again);
  const reader = new ResponseReader((response) => envoy.received(response));
  stream.on("data", (chunk: Buffer) => reader.push(chunk));
  envoy.start(request({ node: { id: `${proxy}-${index}`, cluster: proxy } }));
}

class SimulatedEnvoy {
  readonly #stream: ClientHttp2Stream;
  readonly #first: ReadonlyMap<string, Uint8Array>;
  /** While it starts, Envoy keeps back the acknowledgement of clusters until all are warm. */
  #clusters: ReceivedResponse | undefined;
  #initialised: boolean;

  constructor(stream: ClientHttp2Stream, first: ReadonlyMap<string, Uint8Array>, again: boolean) {
    this.#stream = stream;
    this.#first = first;
    this.#initialised = again;
  }

  /** @param node bytes that say who it is; messages that follow one another are one message in protobuf */
  start(node: Uint8Array): void {
    this.#send(Buffer.concat([node, this.#first.get(CLUSTER) ?? Buffer.alloc(0)]));
    if (this.#initialised) for (const [typeUrl, bytes] of this.#first) if (typeUrl !== CLUSTER) this.#send(bytes);
  }

  received(response: ReceivedResponse): void {
    received.responses += 1;
    received.resources += response.resources;
    if (this.#initialised) this.#acknowledge(response);
    else if (response.typeUrl === CLUSTER) {
      this.#clusters = response;
      const endpoints = this.#first.get(CLUSTER_LOAD_ASSIGNMENT);
      if (endpoints === undefined) this.#warm();
      else this.#send(endpoints);
    } else {
      this.#acknowledge(response);
      this.#warm();
    }
  }

  #warm(): void {
    this.#initialised = true;
    if (this.#clusters !== undefined) this.#acknowledge(this.#clusters);
    for (const [typeUrl, bytes] of this.#first)
      if (typeUrl !== CLUSTER && typeUrl !== CLUSTER_LOAD_ASSIGNMENT) this.#send(bytes);
  }

  #acknowledge({ typeUrl, nonce }: ReceivedResponse): void {
    this.#send(request({ typeUrl, responseNonce: nonce }));
  }

  #send(bytes: Uint8Array): void {
    const frame = Buffer.alloc(5 + bytes.length);
    frame.writeUInt32BE(bytes.length, 1);
    frame.set(bytes, 5);
    this.#stream.write(frame);
  }
}

function request(fields: Parameters<typeof create<typeof DeltaDiscoveryRequestSchema>>[1]): Uint8Array {
  return toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, fields));
}
