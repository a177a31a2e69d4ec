/** The head of a message in a gRPC stream: whether it is compressed, and its length. */
const headLength = 5;

/** Cuts the bytes of a gRPC stream into messages. */
export class MessageReader {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #length = 0;

  /** @param limit of a message, in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws RangeError if a message is longer than the limit, or compressed */
  *push(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let message = this.#next(); message !== undefined; message = this.#next()) yield message;
  }

  #next(): Buffer | undefined {
    if (this.#length < headLength) return undefined;
    let head = this.#chunks[0];
    if (head === undefined || head.length < headLength) head = this.#join();
    const length = head.readUInt32BE(1);
    if (head[0] !== 0) throw new RangeError("a message is compressed");
    if (length > this.#limit) throw new RangeError(`a message has ${length} bytes, more than ${this.#limit}`);
    const end = headLength + length;
    if (this.#length < end) return undefined;
    const bytes = this.#join();
    this.#chunks = bytes.length === end ? [] : [bytes.subarray(end)];
    this.#length -= end;
    return bytes.subarray(headLength, end);
  }

  #join(): Buffer {
    const [only, ...others] = this.#chunks;
    if (only !== undefined && others.length === 0) return only;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
