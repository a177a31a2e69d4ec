import type { EnvoyResource } from "../envoy/resource.ts";
import type { Entries } from "./batch.ts";

// Tags of envoy.service.discovery.v3.DeltaDiscoveryResponse, Resource and google.protobuf.Any: field number << 3 | 2.
const RESPONSE_RESOURCES = 0x12;
const RESPONSE_TYPE_URL = 0x22;
const RESPONSE_NONCE = 0x2a;
const RESPONSE_REMOVED_RESOURCES = 0x32;
const RESOURCE_VERSION = 0x0a;
const RESOURCE_RESOURCE = 0x12;
const RESOURCE_NAME = 0x1a;
const ANY_TYPE_URL = 0x0a;
const ANY_VALUE = 0x12;

/**
 * The bytes of a DeltaDiscoveryResponse without its nonce. The resources' own bytes are copied once, straight to their place; going
 * through protobuf-es would copy and measure each of them again at every level of nesting.
 */
export function encodeBatch(typeUrl: string, entries: Entries): Buffer {
  const typeUrlSize = Buffer.byteLength(typeUrl);
  const sizes: Size[] = [];
  let total = field(typeUrlSize);
  for (const [name, resource] of entries) {
    if (resource === undefined) total += field(Buffer.byteLength(name));
    else {
      const size = measure(resource, typeUrlSize);
      sizes.push(size);
      total += field(size.resource);
    }
  }
  const writer = new Writer(total);
  let index = 0;
  for (const [name, resource] of entries) {
    if (resource === undefined) {
      writer.string(RESPONSE_REMOVED_RESOURCES, name);
      continue;
    }
    const size = sizes[index];
    index += 1;
    if (size === undefined) continue;
    writer.tag(RESPONSE_RESOURCES, size.resource);
    writer.string(RESOURCE_VERSION, resource.version);
    writer.tag(RESOURCE_RESOURCE, size.any);
    writer.string(ANY_TYPE_URL, typeUrl);
    writer.bytes(ANY_VALUE, resource.encoded);
    writer.string(RESOURCE_NAME, resource.name);
  }
  writer.string(RESPONSE_TYPE_URL, typeUrl);
  return writer.buffer;
}

/** The nonce of a DeltaDiscoveryResponse: protobuf reads bytes that follow one another as one message. */
export function encodeNonce(nonce: string): Buffer {
  const writer = new Writer(field(Buffer.byteLength(nonce)));
  writer.string(RESPONSE_NONCE, nonce);
  return writer.buffer;
}

/** How many bytes a resource takes in a response, near enough to decide where to cut. */
export function approximateSize(resource: EnvoyResource): number {
  return resource.encoded.length + resource.typeUrl.length + resource.name.length + resource.version.length + 16;
}

interface Size {
  readonly resource: number;
  readonly any: number;
}

function measure(resource: EnvoyResource, typeUrlSize: number): Size {
  const any = field(typeUrlSize) + field(resource.encoded.length);
  return {
    any,
    resource: field(Buffer.byteLength(resource.version)) + field(any) + field(Buffer.byteLength(resource.name)),
  };
}

/** Size of a length-delimited field whose tag takes one byte. */
function field(length: number): number {
  return 1 + varintSize(length) + length;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

class Writer {
  readonly buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  tag(tag: number, length: number): void {
    this.buffer[this.#at++] = tag;
    let rest = length;
    while (rest >= 0x80) {
      this.buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.#at++] = rest;
  }

  string(tag: number, value: string): void {
    this.tag(tag, Buffer.byteLength(value));
    this.#at += this.buffer.write(value, this.#at);
  }

  /** @param value one character a byte */
  bytes(tag: number, value: string): void {
    this.tag(tag, value.length);
    this.#at += this.buffer.write(value, this.#at, "latin1");
  }
}
