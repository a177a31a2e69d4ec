import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { create, fromBinary, isMessage, toBinary, toJson } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { RouteConfigurationSchema } from "./generated/envoy/config/route/v3/route_pb.ts";
import { CorsPolicySchema } from "./generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import { registry } from "./generated/registry.ts";

const cors = create(CorsPolicySchema, { allowMethods: "GET, POST", allowCredentials: true });

const routes = create(RouteConfigurationSchema, {
  name: "shop",
  virtualHosts: [
    {
      name: "shop.example.com",
      domains: ["shop.example.com"],
      typedPerFilterConfig: { cors: anyPack(CorsPolicySchema, cors) },
      routes: [
        {
          match: { pathSpecifier: { case: "prefix", value: "/cart" } },
          action: {
            case: "route",
            value: {
              clusterSpecifier: { case: "cluster", value: "cart" },
              timeout: create(DurationSchema, { seconds: 3n }),
            },
          },
        },
      ],
    },
  ],
});

describe("generated Envoy API", () => {
  test("a RouteConfiguration survives encoding", () => {
    const decoded = fromBinary(RouteConfigurationSchema, toBinary(RouteConfigurationSchema, routes));
    deepEqual(decoded, routes);
    const packed = decoded.virtualHosts[0]?.typedPerFilterConfig["cors"];
    const unpacked = packed && anyUnpack(packed, registry);
    equal(isMessage(unpacked, CorsPolicySchema), true);
    deepEqual(unpacked, cors);
  });

  test("the registry prints what an Any holds, by the names that Envoy reads", () => {
    deepEqual(toJson(RouteConfigurationSchema, routes, { registry, useProtoFieldName: true }), {
      name: "shop",
      virtual_hosts: [
        {
          name: "shop.example.com",
          domains: ["shop.example.com"],
          routes: [{ match: { prefix: "/cart" }, route: { cluster: "cart", timeout: "3s" } }],
          typed_per_filter_config: {
            cors: {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
              allow_methods: "GET, POST",
              allow_credentials: true,
            },
          },
        },
      ],
    });
  });
});
