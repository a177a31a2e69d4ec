import { createHash } from "node:crypto";
import { create, type DescMessage, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { shared } from "../strings/shared.ts";
import type { EnvoyResource } from "./resource.ts";

/** The parts of a message, for a function that makes some of them and leaves the rest to its caller. */
export type Init<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, MessageShape<Schema>>;

/** Type URL of a message, as xDS and Any write it. */
export function typeUrl(schema: DescMessage): string {
  return shared(`type.googleapis.com/${schema.typeName}`);
}

/** A message in an Any, from its parts. */
export function pack<Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Any {
  return create(AnySchema, { typeUrl: typeUrl(schema), value: toBinary(schema, create(schema, init)) });
}

/**
 * Part of a millisecond counts as one: to Envoy, 0 is no limit at all.
 *
 * @example duration(1500)  // 1.5 s
 */
export function duration(milliseconds: number): Duration {
  const whole = Math.ceil(milliseconds);
  return create(DurationSchema, { seconds: BigInt(Math.trunc(whole / 1000)), nanos: (whole % 1000) * 1_000_000 });
}

/** What must be there before a resource is sent. */
export type Needs = Pick<EnvoyResource, "clusters" | "scopes" | "endpoints">;

/**
 * Serialises a message into a resource. Fields are written in the order of their numbers and the entries of a map in the
 * order of insertion, so that equal messages have equal bytes.
 */
export function resource<Schema extends DescMessage>(
  proxy: string,
  name: string,
  schema: Schema,
  message: MessageShape<Schema>,
  needs: Needs = {},
): EnvoyResource {
  const bytes = toBinary(schema, message);
  return {
    proxy,
    typeUrl: typeUrl(schema),
    name: shared(name),
    encoded: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"),
    version: createHash("sha256").update(bytes).digest("base64url"),
    ...needs,
  };
}
