import type { Rule } from "../ir/rule.ts";
import {
  type AccessLogFilterSchema,
  type AccessLogSchema,
  ComparisonFilter_Op,
} from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import {
  type Config_TagSchema,
  ConfigSchema,
  Config_Histogram_Unit as Unit,
} from "./generated/envoy/extensions/access_loggers/stats/v3/stats_pb.ts";
import { type Init, pack } from "./message.ts";

/** Prefix of the statistics that are counted request by request. */
export const REQUEST_METRICS = "route";

/**
 * How many series there may be for one HTTP chain: of counters, and of histograms, each of which is 16 lines; as many again for
 * gRPC. What is over is counted in `server.stats_overflow_counter` and `server.stats_overflow_histogram`, and nowhere else.
 */
export const requestSeries = { counters: 10_000, histograms: 1_000 };

/** A series that nobody has added to for so long (twice at the most) is dropped: routes come and go. */
export const SERIES_IDLE_SECONDS = 86_400;

/** Namespace of what our routes say of themselves (`Route.metadata`). */
export const METADATA = "gatewright";

/**
 * Counts every request of a listener by the rule that answered it, its backend and its outcome, and measures how long it took.
 *
 * A series begins with its first request, so routes without traffic cost nothing, whatever their number; no label has a value that
 * a client chooses. The scope is the chain's own: one that chains share (`sharing_name`) makes Envoy 1.40 crash when it ends.
 *
 * Each label costs every request about as much as a filter. So gRPC calls are counted apart, and the others without labels that
 * would be empty, which Prometheus takes for the same.
 *
 * @param gateway `namespace/name` of the Gateway whose chain this is; absent where several share one, and routes tell, which costs
 * each label about twice as much
 */
export function requestMetrics(gateway: string | undefined): readonly Init<typeof AccessLogSchema>[] {
  const owner = [tag("gateway", gateway ?? `%METADATA(ROUTE:${METADATA}:gateway)%`), tag("rule", "%ROUTE_NAME%")];
  const outcome = [tag("backend", "%UPSTREAM_CLUSTER%"), tag("response_code", "%RESPONSE_CODE%")];
  const call = [
    tag("grpc_status", "%GRPC_STATUS%"),
    tag("grpc_service", `%METADATA(ROUTE:${METADATA}:grpc_service)%`),
    tag("grpc_method", `%METADATA(ROUTE:${METADATA}:grpc_method)%`),
  ];
  return [logger(answeredCall(false), owner, outcome), logger(answeredCall(true), owner, [...outcome, ...call])];
}

type Tags = readonly Init<typeof Config_TagSchema>[];

function logger(filter: Filter, owner: Tags, more: Tags): Init<typeof AccessLogSchema> {
  return {
    name: "envoy.access_loggers.stats",
    filter,
    configType: {
      case: "typedConfig",
      value: pack(ConfigSchema, {
        statsScope: {
          prefix: REQUEST_METRICS,
          enableEviction: true,
          maxCounters: requestSeries.counters,
          maxHistograms: requestSeries.histograms,
        },
        counters: [{ stat: { name: "requests_total", tags: [...owner, ...more] }, valueFixed: 1n }],
        histograms: [
          {
            stat: { name: "duration_milliseconds", tags: [...owner] },
            unit: Unit.Milliseconds,
            valueFormat: "%DURATION%",
          },
        ],
      }),
    },
  };
}

type Filter = Init<typeof AccessLogFilterSchema>;

/**
 * Whether a request is a gRPC call (as `%GRPC_STATUS%` sees it) that was answered, or anything else. Of a call that was given up
 * there is no status: its labels would be those of a request that was, and one series must not come from both.
 *
 * The first test decides for all but gRPC and gRPC-Web, since each one costs every request.
 */
function answeredCall(wanted: boolean): Filter {
  const like = contentType({ prefix: "application/grpc" }, wanted);
  const types = [{ exact: "application/grpc" }, { prefix: "application/grpc+" }].map((type) =>
    contentType(type, wanted),
  );
  const { GE, EQ } = ComparisonFilter_Op;
  return wanted ? and([like, or(types), statusCode(GE, 1)]) : or([like, and(types), statusCode(EQ, 0)]);
}

function or(filters: readonly Filter[]): Filter {
  return { filterSpecifier: { case: "orFilter", value: { filters: [...filters] } } };
}

function and(filters: readonly Filter[]): Filter {
  return { filterSpecifier: { case: "andFilter", value: { filters: [...filters] } } };
}

function contentType(type: { readonly exact: string } | { readonly prefix: string }, wanted: boolean): Filter {
  const matchPattern =
    "exact" in type
      ? ({ case: "exact", value: type.exact } as const)
      : ({ case: "prefix", value: type.prefix } as const);
  return {
    filterSpecifier: {
      case: "headerFilter",
      value: {
        header: {
          name: "content-type",
          headerMatchSpecifier: { case: "stringMatch", value: { matchPattern } },
          invertMatch: !wanted,
          treatMissingHeaderAsEmpty: true,
        },
      },
    },
  };
}

/** 0 where there was no answer. */
function statusCode(op: ComparisonFilter_Op, value: number): Filter {
  // Envoy wants a name by which the value could be changed at run time.
  const comparison = { op, value: { defaultValue: value, runtimeKey: "gatewright.request_metrics.status" } };
  return { filterSpecifier: { case: "statusCodeFilter", value: { comparison } } };
}

/** What a rule says of itself that its name does not. */
export function ruleMetadata({ gateway, grpcMethod }: Rule): Readonly<Record<string, string>> {
  return {
    ...(gateway !== undefined && { gateway }),
    ...(grpcMethod?.service !== undefined && { grpc_service: grpcMethod.service }),
    ...(grpcMethod?.method !== undefined && { grpc_method: grpcMethod.method }),
  };
}

function tag(name: string, valueFormat: string): Init<typeof Config_TagSchema> {
  return { name, valueFormat };
}
