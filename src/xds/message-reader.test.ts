import { deepEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import { MessageReader } from "./message-reader.ts";

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe("messages of a gRPC stream", () => {
  test("are what was sent, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(framed));
          const reader = new MessageReader(100);
          const read: Buffer[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const length = cuts[cut % cuts.length] ?? 1;
            read.push(...reader.push(bytes.subarray(at, at + length)));
            at += length;
          }
          deepEqual(
            read.map((message) => [...message]),
            messages.map((message) => [...message]),
          );
        },
      ),
    );
  });

  test("are no longer than the limit, and not compressed", () => {
    const long = framed(new Uint8Array(101));
    throws(() => [...new MessageReader(100).push(long.subarray(0, 5))], RangeError);
    throws(() => [...new MessageReader(100).push(Buffer.from([1, 0, 0, 0, 0]))], RangeError);
  });
});
