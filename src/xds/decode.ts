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
 * a tenth of the time that protobuf-es takes; and each time that somebody goes through them, so that they are never all in memory.
 *
 * @throws Error if the bytes are not one
 */
export function decodeRequest(bytes: Buffer): {
  readonly node: NodeIdentity | undefined;
  readonly request: DeltaRequest;
} {
  const others: Uint8Array[] = [];
  const unsubscribe: string[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && field >= SUBSCRIBE && field <= INITIAL_VERSIONS) {
      const [from, to] = content(reader, reader.len);
      if (field === UNSUBSCRIBE) unsubscribe.push(bytes.toString("utf8", from, to));
      else if (field === INITIAL_VERSIONS) checkEntry(reader, from, to);
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
      subscribe: { [Symbol.iterator]: () => names(bytes) },
      unsubscribe,
      initialVersions: { [Symbol.iterator]: () => versions(bytes) },
      nonce: message.responseNonce,
      ...(message.errorDetail && { error: message.errorDetail.message || "no reason given" }),
    },
  };
}

/** Names that are subscribed to, of a message that was read once. */
function* names(bytes: Buffer): Generator<string, undefined> {
  for (const [from, to] of contents(bytes, SUBSCRIBE)) yield bytes.toString("utf8", from, to);
}

/** Entries of the map of versions, of a message that was read once. */
function* versions(bytes: Buffer): Generator<readonly [string, string], undefined> {
  const reader = new BinaryReader(bytes);
  for (const [from, to] of contents(bytes, INITIAL_VERSIONS)) yield entry(bytes, reader, from, to);
}

function* contents(bytes: Buffer, wanted: number): Iterable<readonly [from: number, to: number]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted && wireType === WireType.LengthDelimited) yield content(reader, reader.len);
    else reader.skip(wireType, field);
  }
}

/** Where the content of a field that has a length begins and ends. */
function content(reader: BinaryReader, end: number): readonly [from: number, to: number] {
  const length = reader.uint32();
  const from = reader.pos;
  if (from + length > end) throw new RangeError("a field is cut off");
  reader.pos = from + length;
  return [from, from + length];
}

/** @throws Error if these bytes are no entry of a map; otherwise the reader is where it was */
function checkEntry(reader: BinaryReader, from: number, to: number): void {
  reader.pos = from;
  while (reader.pos < to) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) content(reader, to);
    else reader.skip(wireType, field);
  }
  if (reader.pos > to) throw new RangeError("a field is cut off");
}

function entry(bytes: Buffer, reader: BinaryReader, from: number, to: number): readonly [key: string, value: string] {
  let key = "";
  let value = "";
  reader.pos = from;
  while (reader.pos < to) {
    const [field, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited && (field === KEY || field === VALUE)) {
      const text = bytes.toString("utf8", ...content(reader, to));
      if (field === KEY) key = text;
      else value = text;
    } else reader.skip(wireType, field);
  }
  return [key, value];
}
