import { create } from "@bufbuild/protobuf";
import { ads, WAIT_FOR_EVER } from "./ads.ts";
import { readExtraBootstrap, withExtra } from "./extra-bootstrap.ts";
import { type Bootstrap, BootstrapSchema } from "./generated/envoy/config/bootstrap/v3/bootstrap_pb.ts";
import { ApiConfigSource_ApiType, ApiVersion } from "./generated/envoy/config/core/v3/config_source_pb.ts";
import type { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { HttpConnectionManagerSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { DownstreamConnectionsConfigSchema } from "./generated/envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections_pb.ts";
import { adminCluster, healthListener } from "./health-listener.ts";
import { duration, type Init, pack } from "./message.ts";
import { pipe } from "./pipe.ts";
import { SERIES_IDLE_SECONDS } from "./request-metrics.ts";
import { router } from "./router.ts";
import { scopedRoutes, scopeMutation } from "./scope.ts";
import { statsConfig } from "./stats.ts";
import { toJsonObject } from "./to-json.ts";
import { type XdsEndpoint, xdsCluster } from "./xds-cluster.ts";

/** What a proxy must know before it can ask for the rest. */
export interface BootstrapOptions {
  /** The fleet whose resources it gets: `proxy` of the IR. */
  readonly proxy: string;
  /** Which one of the fleet it is; absent where the command line says it (`--service-node`). */
  readonly node?: string;
  readonly xds: XdsEndpoint;
  /** Unix domain socket that its admin interface listens on. */
  readonly adminSocket: string;
  /** Port on which `/ready` and `/stats/prometheus` of the admin interface, and nothing else of it, are served to others. */
  readonly healthPort?: number;
  /** Connections that it accepts at once, over all listeners; the admin interface not counted. */
  readonly maxConnections?: number;
  /** `namespace/name` of the Gateway whose own proxy it is. */
  readonly gateway?: string;
  /** Added to it: a part of a Bootstrap, as JSON, in which {@link extraBootstrapProblem} finds nothing wrong. */
  readonly extra?: unknown;
}

const XDS = "xds";
const MAX_CONNECTIONS = 50_000;

/** A bootstrap as the JSON that Envoy reads. */
export function bootstrap(options: BootstrapOptions): object {
  return toJsonObject(BootstrapSchema, bootstrapMessage(options));
}

/** @see bootstrap */
export function bootstrapMessage(options: BootstrapOptions): Bootstrap {
  const ours = ownBootstrap(options);
  const merged = options.extra === undefined ? { bootstrap: ours } : merge(ours, options.extra);
  if ("problem" in merged) throw new TypeError(merged.problem);
  return merged.bootstrap;
}

/** Why something can't be added to a bootstrap, in words; undefined if it can. */
export function extraBootstrapProblem(extra: unknown): string | undefined {
  const nobody = { proxy: "", adminSocket: "", healthPort: 1, xds: { path: "" } };
  const merged = merge(ownBootstrap(nobody), extra);
  return "problem" in merged ? merged.problem : undefined;
}

function merge(ours: Bootstrap, extra: unknown): ReturnType<typeof withExtra> {
  const read = readExtraBootstrap(extra);
  return "problem" in read ? read : withExtra(ours, read.bootstrap);
}

function ownBootstrap(options: BootstrapOptions): Bootstrap {
  return create(BootstrapSchema, {
    node: { id: options.node ?? "", cluster: options.proxy },
    admin: { address: pipe(options.adminSocket), ignoreGlobalConnLimit: true },
    dynamicResources: {
      ldsConfig: ads(WAIT_FOR_EVER),
      cdsConfig: ads(WAIT_FOR_EVER),
      adsConfig: {
        apiType: ApiConfigSource_ApiType.DELTA_GRPC,
        transportApiVersion: ApiVersion.V3,
        setNodeOnFirstMessageOnly: true,
        grpcServices: [
          {
            targetSpecifier: {
              case: "envoyGrpc",
              value: {
                clusterName: XDS,
                retryPolicy: { retryBackOff: { baseInterval: duration(100), maxInterval: duration(5_000) } },
              },
            },
          },
        ],
      },
    },
    staticResources: {
      clusters: [
        xdsCluster(XDS, options.xds),
        ...(options.healthPort === undefined ? [] : [adminCluster(options.adminSocket)]),
      ],
      listeners: [keeper(), ...(options.healthPort === undefined ? [] : [healthListener(options.healthPort)])],
    },
    ...processWide(options.maxConnections ?? MAX_CONNECTIONS, options.gateway),
  });
}

/** What holds for the process, wherever its resources come from. */
export function processWide(maxConnections: number, gateway?: string): Init<typeof BootstrapSchema> {
  return {
    statsConfig: statsConfig(gateway),
    statsEviction: { case: "statsEvictionInterval", value: duration(SERIES_IDLE_SECONDS * 1_000) },
    layeredRuntime: {
      layers: [
        {
          name: "static",
          // Envoy refuses a regular expression whose program is larger than 100; what people may write is bounded by the CRDs.
          layerSpecifier: { case: "staticLayer", value: { "re2.max_program_size.error_level": 4_294_967_295 } },
        },
        { name: "admin", layerSpecifier: { case: "adminLayer", value: {} } },
      ],
    },
    overloadManager: {
      refreshInterval: duration(250),
      resourceMonitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          configType: {
            case: "typedConfig",
            value: pack(DownstreamConnectionsConfigSchema, { maxActiveDownstreamConnections: BigInt(maxConnections) }),
          },
        },
      ],
    },
  };
}

/**
 * Holds the subscription to scopes for as long as the process lives. Without it, an Envoy that loses its last HTTP listener and
 * gets one later asks for no scopes, waits 15 s, and serves 404. It is bound to no port, its chain has no table, and its address,
 * which must not be that of a real listener, is one of those for documentation (RFC 5737).
 */
function keeper(): Init<typeof ListenerSchema> {
  return {
    name: "scopes",
    bindToPort: false,
    address: {
      address: {
        case: "socketAddress",
        value: { address: "192.0.2.1", portSpecifier: { case: "portValue", value: 0 } },
      },
    },
    filterChains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            configType: {
              case: "typedConfig",
              value: pack(HttpConnectionManagerSchema, {
                statPrefix: "scopes",
                routeSpecifier: { case: "scopedRoutes", value: scopedRoutes() },
                earlyHeaderMutationExtensions: [scopeMutation("-")],
                httpFilters: [router()],
              }),
            },
          },
        ],
      },
    ],
  };
}
