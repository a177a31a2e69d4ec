import { RouterSchema } from "./generated/envoy/extensions/filters/http/router/v3/router_pb.ts";
import type { HttpFilterSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Init, pack } from "./message.ts";

/** The last HTTP filter of every chain: it sends the request on. */
export function router(config: Init<typeof RouterSchema> = {}): Init<typeof HttpFilterSchema> {
  return {
    name: "envoy.filters.http.router",
    configType: { case: "typedConfig", value: pack(RouterSchema, config) },
  };
}
