import { fromBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryResponseSchema } from "../../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { Delivery } from "../delivery.ts";
import type { DeltaRequest } from "../protocol.ts";
import type { Session } from "../session.ts";
import { PROXY } from "./fixture.ts";

/** A response as Envoy sees it. */
export interface Received {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly { readonly name: string; readonly version: string; readonly value: string }[];
  readonly removed: readonly string[];
}

/** A stream on which the test plays Envoy, message by message. */
export class FakeStream {
  readonly session: Session;
  readonly close: (reason: string) => void;
  readonly #received: Received[] = [];
  /** What the transport answers to a write. */
  writable = true;

  constructor(delivery: Delivery, proxy = PROXY) {
    const opened = delivery.open(proxy, {
      node: "node-1",
      write: (parts) => {
        this.#received.push(decode(Buffer.concat(parts)));
        return this.writable;
      },
    });
    this.session = opened.session;
    this.close = opened.close;
  }

  request(typeUrl: string, request: Partial<DeltaRequest> = {}): void {
    this.session.request({
      typeUrl,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      nonce: "",
      ...request,
    });
  }

  /** Responses that came since the last call. */
  take(): readonly Received[] {
    return this.#received.splice(0);
  }

  /** The one response that came since the last call. */
  takeOne(): Received {
    const received = this.take();
    const [only] = received;
    if (only === undefined || received.length > 1)
      throw new Error(`expected one response, got ${received.length}: ${JSON.stringify(received.map(summary))}`);
    return only;
  }

  ack(response: Received): void {
    this.request(response.typeUrl, { nonce: response.nonce });
  }

  nack(response: Received, error: string): void {
    this.request(response.typeUrl, { nonce: response.nonce, error });
  }

  /** Acknowledges everything until nothing more comes, and returns all of it. */
  ackAll(): readonly Received[] {
    const all: Received[] = [];
    for (let received = this.take(); received.length > 0; received = this.take()) {
      for (const response of received) this.ack(response);
      all.push(...received);
    }
    return all;
  }
}

/** A response in one line: type, what was sent, and what was removed with a minus before it. */
export function summary(response: Received): string {
  const type = response.typeUrl.slice(response.typeUrl.lastIndexOf(".") + 1);
  return [type, ...response.resources.map(({ name }) => name), ...response.removed.map((name) => `-${name}`)].join(" ");
}

export function decode(bytes: Uint8Array): Received {
  const message = fromBinary(DeltaDiscoveryResponseSchema, bytes);
  return {
    typeUrl: message.typeUrl,
    nonce: message.nonce,
    resources: message.resources.map(({ name, version, resource }) => {
      if (resource?.typeUrl !== message.typeUrl) throw new Error(`${name} is a ${resource?.typeUrl}`);
      return { name, version, value: Buffer.from(resource.value).toString() };
    }),
    removed: message.removedResources,
  };
}
