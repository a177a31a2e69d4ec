import type { Socket } from "node:net";
import { emptyMessage } from "./backend.ts";
import type { Answered, Connection } from "./connection.ts";
import type { RouteOf } from "./scenario.ts";

/** RFC 9113, 6. */
const Frame = { data: 0, headers: 1, resetStream: 3, settings: 4, goAway: 7, windowUpdate: 8 } as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const HEADER_BYTES = 9;

/** RFC 7541, appendix A. */
const staticTable = {
  get: 2,
  post: 3,
  slash: 4,
  http: 6,
  https: 7,
  status200: 8,
  authority: 1,
  path: 4,
  size: 61,
} as const;

interface Request extends RouteOf {
  readonly tls: boolean;
  readonly grpc: boolean;
}

/**
 * Streams of one connection, in frames that are made once: after its first request, header fields are numbers in HPACK's table, as
 * they are of any client that repeats itself. Node's own client would cost more than the proxies that are to be measured.
 */
export function http2Connection(socket: Socket, request: Request, capacity: number, answered: Answered): Connection {
  const [first, later] = fieldBlocks(request);
  let block = first;
  let stream = -1;
  let rest: Buffer = Buffer.alloc(0);
  /** Streams whose headers came, and said 200. */
  const well = new Set<number>();

  const connection: Connection = {
    capacity,
    send: () => {
      stream += 2;
      const headers = frame(Frame.headers, END_HEADERS | (request.grpc ? 0 : END_STREAM), stream, block);
      block = later;
      socket.write(
        request.grpc ? Buffer.concat([headers, frame(Frame.data, END_STREAM, stream, emptyMessage)]) : headers,
      );
    },
    close: () => socket.destroy(),
  };

  function take(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case Frame.settings:
        if ((flags & ACK) === 0) socket.write(frame(Frame.settings, ACK, 0));
        return;
      case Frame.goAway:
        throw new Error(`the proxy ended a connection: ${payload.toString("latin1")}`);
      case Frame.resetStream:
        well.delete(id);
        answered(connection, false);
        return;
      case Frame.headers:
        if (isStatus200(payload)) well.add(id);
        break;
      case Frame.data:
        break;
      default:
        return;
    }
    // Calls end with trailers, which say how they went.
    if ((flags & END_STREAM) !== 0) answered(connection, well.delete(id) && (!request.grpc || type === Frame.headers));
  }

  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      take(
        bytes.readUInt8(at + 3),
        bytes.readUInt8(at + 4),
        bytes.readUInt32BE(at + 5),
        bytes.subarray(at + HEADER_BYTES, end),
      );
      at = end;
    }
    rest = bytes.subarray(at);
  });
  socket.write(
    Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(Frame.settings, 0, 0), widestWindow]),
  );

  return connection;
}

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const increment = Buffer.alloc(4);
increment.writeUInt32BE(0x7fff_ffff - 0xffff);
/** So that answers are never held back for want of room. */
const widestWindow = frame(Frame.windowUpdate, 0, 0, increment);

/** The first field of an answer; a change of the table's size may come before it. */
function isStatus200(block: Buffer): boolean {
  let at = 0;
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++;
  return block[at] === (0x80 | staticTable.status200);
}

/** Header fields of the first request, which enters them into the table, and of all later ones, which name them by their number. */
function fieldBlocks({ hostname, path, tls, grpc }: Request): readonly [first: Buffer, later: Buffer] {
  const indexed = [grpc ? staticTable.post : staticTable.get, tls ? staticTable.https : staticTable.http];
  const named: readonly (readonly [name: number, value: string])[] = [
    [staticTable.authority, hostname],
    ...(path === "/" ? [] : [[staticTable.path, path] as const]),
  ];
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["user-agent", "gatewright-bench"],
    ...(grpc
      ? ([
          ["content-type", "application/grpc"],
          ["te", "trailers"],
        ] as const)
      : []),
  ];
  const known = Buffer.from([...indexed, ...(path === "/" ? [staticTable.slash] : [])].map((index) => 0x80 | index));
  const entered = [
    ...named.map(([name, value]) => Buffer.concat([Buffer.from([0x40 | name]), text(value)])),
    ...fields.map(([name, value]) => Buffer.concat([Buffer.from([0x40]), text(name), text(value)])),
  ];
  // The last that came in has the lowest number.
  const numbers = entered.map((_, index) => 0x80 | (staticTable.size + entered.length - index));
  return [Buffer.concat([known, ...entered]), Buffer.concat([known, Buffer.from(numbers)])];
}

/** Of less than 127 bytes. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
