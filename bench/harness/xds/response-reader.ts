/** What matters of a DeltaDiscoveryResponse to who only counts. */
export interface ReceivedResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: number;
}

// Tags of envoy.service.discovery.v3.DeltaDiscoveryResponse: field number << 3 | 2.
const RESOURCES = 0x12;
const TYPE_URL = 0x22;
const NONCE = 0x2a;

/** Finds the responses in the bytes of a gRPC stream, and skips their resources without keeping them. */
export class ResponseReader {
  readonly #onResponse: (response: ReceivedResponse) => void;
  /** Bytes of a field that has begun, or of a frame's head, and whose rest has not come. */
  #carry: Buffer = Buffer.alloc(0);
  /** Bytes of the present response that have not been looked at; undefined between two. */
  #left: number | undefined;
  #skip = 0;
  #response = { typeUrl: "", nonce: "", resources: 0 };

  constructor(onResponse: (response: ReceivedResponse) => void) {
    this.#onResponse = onResponse;
  }

  push(chunk: Buffer): void {
    const data = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    let at = 0;
    for (let used = this.#step(data, at); used > 0 || this.#left === 0; used = this.#step(data, at)) {
      at += used;
      if (this.#left !== 0 || this.#skip > 0) continue;
      this.#left = undefined;
      this.#onResponse(this.#response);
      this.#response = { typeUrl: "", nonce: "", resources: 0 };
    }
    this.#carry = data.subarray(at);
  }

  /** Returns how many bytes were used; none if more have to come. */
  #step(data: Buffer, at: number): number {
    const available = data.length - at;
    if (this.#left === undefined) {
      if (available < 5) return 0;
      this.#left = data.readUInt32BE(at + 1);
      return 5;
    }
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, available);
      this.#skip -= skipped;
      this.#left -= skipped;
      return skipped;
    }
    return this.#left === 0 ? 0 : this.#field(data, at, this.#left);
  }

  #field(data: Buffer, at: number, left: number): number {
    const tag = data[at];
    let length = 0;
    let end = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = data[end];
      if (byte === undefined) return 0;
      end += 1;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (tag === TYPE_URL || tag === NONCE) {
      if (data.length < end + length) return 0;
      const value = data.toString("utf8", end, end + length);
      if (tag === TYPE_URL) this.#response.typeUrl = value;
      else this.#response.nonce = value;
      this.#left = left - (end + length - at);
      return end + length - at;
    }
    if (tag === RESOURCES) this.#response.resources += 1;
    this.#left = left - (end - at);
    this.#skip = length;
    return end - at;
  }
}
