import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  credentials,
  type ServiceError,
} from "@grpc/grpc-js";
import { DeltaDiscoveryRequestSchema } from "../../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { decode, type Received } from "./fake-stream.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const identity = (bytes: Buffer): Buffer => bytes;

/** A gRPC client that plays Envoy. */
export class RealStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #received: Received[] = [];
  readonly #waiting: ((response: Received) => void)[] = [];
  /** How the stream ended. */
  readonly ended: Promise<ServiceError>;

  constructor(target: string, channel: ChannelCredentials = credentials.createInsecure(), options: ClientOptions = {}) {
    this.#client = new Client(target, channel, options);
    this.#call = this.#client.makeBidiStreamRequest(METHOD, identity, identity);
    this.#call.on("data", (bytes: Buffer) => {
      const response = decode(bytes);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#received.push(response);
      else waiting(response);
    });
    this.ended = new Promise((resolve) => this.#call.on("error", (error: ServiceError) => resolve(error)));
  }

  request(
    typeUrl: string,
    fields: { readonly subscribe?: string[]; readonly nonce?: string; readonly proxy?: string },
  ): void {
    const message = create(DeltaDiscoveryRequestSchema, {
      typeUrl,
      resourceNamesSubscribe: fields.subscribe ?? [],
      responseNonce: fields.nonce ?? "",
      ...(fields.proxy !== undefined && { node: { id: "node-1", cluster: fields.proxy } }),
    });
    this.#call.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)));
  }

  write(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  next(): Promise<Received> {
    const received = this.#received.shift();
    return received === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(received);
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}
