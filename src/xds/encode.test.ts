import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { fc } from "../../test/fast-check.ts";
import { DeltaDiscoveryResponseSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { bytesOf } from "../envoy/resource.ts";
import { approximateSize, encodeBatch, encodeNonce } from "./encode.ts";
import { CLUSTER } from "./type-url.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const message = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content).toString("latin1"));
const entry = fc.tuple(text, fc.option(fc.record({ version: text, encoded: message }), { nil: undefined }));

describe("a response", () => {
  test("says what protobuf says, whatever the strings and bytes", () => {
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([name]) => name }), text, (given, nonce) => {
        const entries = new Map(
          given.map(([name, content]) => [name, content && { proxy: "edge", typeUrl: CLUSTER, name, ...content }]),
        );
        const bytes = Buffer.concat([encodeBatch(CLUSTER, entries), encodeNonce(nonce)]);
        deepEqual(
          fromBinary(DeltaDiscoveryResponseSchema, Uint8Array.from(bytes)),
          create(DeltaDiscoveryResponseSchema, {
            typeUrl: CLUSTER,
            nonce,
            removedResources: given.flatMap(([name, content]) => (content === undefined ? [name] : [])),
            resources: given.flatMap(([name, content]) =>
              content === undefined
                ? []
                : [{ name, version: content.version, resource: { typeUrl: CLUSTER, value: bytesOf(content) } }],
            ),
          }),
        );
      }),
      { numRuns: 300 },
    );
  });

  for (const size of [0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000]) {
    test(`with a resource of ${size} bytes`, () => {
      const resource = {
        proxy: "edge",
        typeUrl: CLUSTER,
        name: "a",
        version: "1",
        encoded: "\x07".repeat(size),
      };
      const bytes = encodeBatch(CLUSTER, new Map([["a", resource]]));
      const [only] = fromBinary(DeltaDiscoveryResponseSchema, bytes).resources;
      equal(only?.resource?.value.length, size);
      equal(Math.abs(approximateSize(resource) - bytes.length) < 100, true);
    });
  }
});
