import type { ServerHttp2Stream } from "node:http2";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { type GrpcStatus, grpcStatus, statusTrailers } from "./grpc-status.ts";
import { MessageReader } from "./message-reader.ts";

/** What is given to the transport at a time: all that a stream that is slow costs, however much it is to be sent. */
const chunkBytes = 64 << 10;
/** A reconnecting Envoy names the version of everything that it has. */
const requestBytes = 256 << 20;

export interface CallHandler {
  /** The client has begun to send. */
  readable(): void;
  message(bytes: Buffer): void;
  /** All that was written is on its way. */
  drained(): void;
  /** Once: the call is over, for whatever reason. */
  ended(reason: string): void;
}

/**
 * One call of a bidirectional method of gRPC, on a stream of Node's own HTTP/2.
 *
 * What is written may be shared with other calls: it is passed on as it is, a chunk at a time, and never copied.
 *
 * gRPC over HTTP/2: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #reader = new MessageReader(requestBytes);
  #handler: CallHandler | undefined;
  #pending: Uint8Array[] = [];
  #isWriting = false;
  #isOver = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    stream.on("error", (error) => this.#end(error.message));
    stream.on("close", () => this.#end("closed"));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers(statusTrailers(grpcStatus.OK, "")));
  }

  /** The certificate that the client showed; undefined without TLS. */
  get peerCertificate(): PeerCertificate | undefined {
    const socket = this.#stream.session?.socket;
    return socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
  }

  /** To be called at once. Nothing is read yet: what the client sends beyond its window waits there. */
  handle(handler: CallHandler): void {
    this.#handler = handler;
    this.#stream.once("readable", () => handler.readable());
  }

  /** Starts to read. */
  read(): void {
    this.#stream.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#stream.on("end", () => this.fail(grpcStatus.OK, "ended by Envoy"));
    this.#stream.resume();
  }

  /** Sends a message. Returns whether the transport took all of it. */
  write(parts: readonly Uint8Array[]): boolean {
    if (this.#isOver) return false;
    const head = Buffer.alloc(5);
    head.writeUInt32BE(
      parts.reduce((sum, part) => sum + part.length, 0),
      1,
    );
    this.#pending.push(head, ...parts);
    this.#flush();
    return this.#pending.length === 0;
  }

  /** Ends the call; what was written and has not been sent is not. */
  fail(code: GrpcStatus, details: string): void {
    if (this.#isOver) return;
    this.#stream.removeAllListeners("wantTrailers");
    this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(statusTrailers(code, details)));
    this.#stream.end();
    // Whatever else comes is nothing to anybody.
    this.#stream.resume();
    this.#end(details);
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      for (const message of this.#reader.push(chunk)) {
        if (this.#isOver) return;
        this.#handler?.message(message);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.fail(grpcStatus.RESOURCE_EXHAUSTED, error.message);
    }
  }

  #flush(): void {
    while (!this.#isWriting && this.#pending.length > 0) {
      const chunk = this.#take();
      // Small ones are passed on together; a large one waits until it is on its way.
      if (this.#stream.write(chunk)) continue;
      this.#isWriting = true;
      this.#stream.once("drain", () => {
        this.#isWriting = false;
        if (this.#isOver) return;
        this.#flush();
        if (this.#pending.length === 0 && !this.#isWriting) this.#handler?.drained();
      });
    }
  }

  /** The next chunk: part of a large piece, or small ones together. */
  #take(): Uint8Array {
    const [first = new Uint8Array(), ...others] = this.#pending;
    if (first.length > chunkBytes) {
      this.#pending = [first.subarray(chunkBytes), ...others];
      return first.subarray(0, chunkBytes);
    }
    let length = 0;
    let count = 0;
    for (const piece of this.#pending) {
      if (count > 0 && length + piece.length > chunkBytes) break;
      length += piece.length;
      count += 1;
    }
    const taken = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    return count === 1 ? first : Buffer.concat(taken);
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pending = [];
    this.#handler?.ended(reason);
  }
}
