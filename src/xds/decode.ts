import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { DeltaDiscoveryRequestSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import type { DeltaRequest } from "./protocol.ts";

/** Who sent a request. Envoy says so on the first request of a stream only. */
export interface NodeIdentity {
  readonly id: string;
  readonly cluster: string;
}

// Fields of envoy.service.discovery.v3.DeltaDiscoveryRequest that come by the thousand.
const SUBSCRIBE = 3;
const UNSUBSCRIBE = 4;
const INITIAL_VERSIONS = 5;
// Fields of an entry of a map.
const KEY = 1;
const VALUE = 2;

/**
 * Reads a DeltaDiscoveryRequest. Names and versions, of which an Envoy that connects again sends all that it has, are read by hand, in
 * a tenth of the time that protobuf-es takes.
 *
 * @throws Error if the bytes are not one
 */
export function decodeRequest(bytes: Buffer): {
  readonly node: NodeIdentity | undefined;
  readonly request: DeltaRequest;
} {
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  const others: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && field >= SUBSCRIBE && field <= INITIAL_VERSIONS) {
      const [from, to] = content(reader);
      if (field === SUBSCRIBE) subscribe.push(bytes.toString("utf8", from, to));
      else if (field === UNSUBSCRIBE) unsubscribe.push(bytes.toString("utf8", from, to));
      else initialVersions.set(...entry(bytes, from, to));
    } else {
      reader.skip(wireType, field);
      others.push(bytes.subarray(start, reader.pos));
    }
  }
  const message = fromBinary(DeltaDiscoveryRequestSchema, Buffer.concat(others), { readUnknownFields: false });
  return {
    node: message.node && { id: message.node.id, cluster: message.node.cluster },
    request: {
      typeUrl: message.typeUrl,
      subscribe,
      unsubscribe,
      initialVersions,
      nonce: message.responseNonce,
      ...(message.errorDetail && { error: message.errorDetail.message || "no reason given" }),
    },
  };
}

/** Where the content of a field that has a length begins and ends. */
function content(reader: BinaryReader): readonly [from: number, to: number] {
  const length = reader.uint32();
  const from = reader.pos;
  if (from + length > reader.len) throw new RangeError("a field is cut off");
  reader.pos = from + length;
  return [from, from + length];
}

function entry(bytes: Buffer, from: number, to: number): readonly [key: string, value: string] {
  let key = "";
  let value = "";
  const reader = new BinaryReader(bytes.subarray(0, to));
  reader.pos = from;
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && (field === KEY || field === VALUE)) {
      const text = bytes.toString("utf8", ...content(reader));
      if (field === KEY) key = text;
      else value = text;
    } else reader.skip(wireType, field);
  }
  return [key, value];
}
