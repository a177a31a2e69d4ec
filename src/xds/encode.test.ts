import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { fc } from "../../test/fast-check.ts";
import { DeltaDiscoveryResponseSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { approximateSize, encodeResponse } from "./encode.ts";
import type { DeltaResponse } from "./protocol.ts";
import { CLUSTER } from "./type-url.ts";

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const response: fc.Arbitrary<DeltaResponse> = fc.record({
  typeUrl: fc.constant(CLUSTER),
  nonce: text,
  resources: fc.array(
    fc.record({
      proxy: fc.constant("edge"),
      typeUrl: fc.constant(CLUSTER),
      name: text,
      version: text,
      bytes: fc.uint8Array({ maxLength: 300 }),
    }),
  ),
  removed: fc.array(text),
});

function reference({ typeUrl, nonce, resources, removed }: DeltaResponse) {
  return create(DeltaDiscoveryResponseSchema, {
    typeUrl,
    nonce,
    removedResources: [...removed],
    resources: resources.map(({ name, version, bytes }) => ({ name, version, resource: { typeUrl, value: bytes } })),
  });
}

describe("encodeResponse", () => {
  test("says what protobuf says, whatever the strings and bytes", () => {
    fc.assert(
      fc.property(response, (given) => {
        const bytes = encodeResponse(given);
        deepEqual(fromBinary(DeltaDiscoveryResponseSchema, Uint8Array.from(bytes)), reference(given));
      }),
      { numRuns: 300 },
    );
  });

  for (const size of [0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000]) {
    test(`a resource of ${size} bytes`, () => {
      const resource = {
        proxy: "edge",
        typeUrl: CLUSTER,
        name: "a",
        version: "1",
        bytes: new Uint8Array(size).fill(7),
      };
      const given = { typeUrl: CLUSTER, nonce: "1", resources: [resource], removed: [] };
      const bytes = encodeResponse(given);
      const [only] = fromBinary(DeltaDiscoveryResponseSchema, bytes).resources;
      equal(only?.resource?.value.length, size);
      equal(Math.abs(approximateSize(resource) - bytes.length) < 100, true);
    });
  }
});
