import { create } from "@bufbuild/protobuf";
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "./generated/envoy/config/core/v3/config_source_pb.ts";
import { duration, type Init } from "./message.ts";

/**
 * The resource comes over the one aggregated stream.
 *
 * `initialFetchTimeout` is how long Envoy waits for the first answer before it goes on without it. 0 waits for ever, which is
 * right for what a proxy must not serve without; a bound is right for what concerns one chain alone.
 */
export function ads(initialFetchTimeoutMilliseconds: number): ConfigSource {
  const source: Init<typeof ConfigSourceSchema> = {
    configSourceSpecifier: { case: "ads", value: {} },
    resourceApiVersion: ApiVersion.V3,
    initialFetchTimeout: duration(initialFetchTimeoutMilliseconds),
  };
  return create(ConfigSourceSchema, source);
}

/** Listeners, clusters and scopes: a proxy never serves half of them. */
export const WAIT_FOR_EVER = 0;

/** One certificate or one backend's endpoints: the others do not wait for it. */
export const WAIT_A_LITTLE = 5_000;
