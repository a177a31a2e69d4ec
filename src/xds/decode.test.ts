import { deepEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { fc } from "../../test/fast-check.ts";
import { DeltaDiscoveryRequestSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeRequest } from "./decode.ts";

const text = fc.string({ unit: "grapheme", maxLength: 200 });

describe("a request", () => {
  test("is read as protobuf means it, whatever its strings", () => {
    fc.assert(
      fc.property(
        fc.record({
          typeUrl: text,
          resourceNamesSubscribe: fc.array(text),
          resourceNamesUnsubscribe: fc.array(text),
          initialResourceVersions: fc.dictionary(
            text.filter((key) => key !== "__proto__"),
            text,
          ),
          responseNonce: text,
          node: fc.option(fc.record({ id: text, cluster: text }), { nil: undefined }),
          errorDetail: fc.option(fc.record({ code: fc.nat(16), message: text }), { nil: undefined }),
        }),
        ({ node, errorDetail, ...fields }) => {
          const message = create(DeltaDiscoveryRequestSchema, {
            ...fields,
            ...(node && { node }),
            ...(errorDetail && { errorDetail }),
          });
          const read = decodeRequest(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)));
          const { subscribe, initialVersions, ...request } = read.request;
          deepEqual([...subscribe], fields.resourceNamesSubscribe);
          deepEqual(new Map(initialVersions), new Map(Object.entries(fields.initialResourceVersions)));
          deepEqual(
            { node: read.node, request },
            {
              node: node && { ...node },
              request: {
                typeUrl: fields.typeUrl,
                unsubscribe: fields.resourceNamesUnsubscribe,
                nonce: fields.responseNonce,
                ...(errorDetail && { error: errorDetail.message || "no reason given" }),
              },
            },
          );
        },
      ),
    );
  });

  for (const [what, bytes] of [
    ["no tag", [0xff, 0xff, 0xff]],
    ["a name that is cut off", [0x1a, 0x05, 0x61]],
    ["an entry that is cut off", [0x2a, 0x04, 0x0a, 0x03, 0x61, 0x62]],
    ["a key that is longer than its entry", [0x2a, 0x03, 0x0a, 0x05, 0x61, 0x61, 0x61, 0x61, 0x61]],
  ] as const)
    test(`is none: ${what}`, () => throws(() => decodeRequest(Buffer.from(bytes))));
});
