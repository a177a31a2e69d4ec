import type { Share, SpanAttribute, StandardAttribute, TraceCollector, Tracing } from "../ir/tracing.ts";
import { downsampling } from "./downsampling.ts";
import { fraction } from "./fraction.ts";
import type { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import { OpenTelemetryConfigSchema } from "./generated/envoy/config/trace/v3/opentelemetry_pb.ts";
import type { HttpConnectionManager_TracingSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { ParentBasedSamplerConfigSchema } from "./generated/envoy/extensions/tracers/opentelemetry/samplers/v3/parent_based_sampler_pb.ts";
import { TraceIdRatioBasedSamplerConfigSchema } from "./generated/envoy/extensions/tracers/opentelemetry/samplers/v3/trace_id_ratio_based_sampler_pb.ts";
import { CustomTag_ValueType, type CustomTagSchema } from "./generated/envoy/type/tracing/v3/custom_tag_pb.ts";
import { overwriting } from "./headers.ts";
import { duration, type Init, pack } from "./message.ts";

const EXPORT_MILLISECONDS = 5_000;

/**
 * Gateway API, XTelemetryPolicy.spec.tracing. A part of the connection manager: Envoy drains the connections of a chain whose
 * tracing begins, ends or changes.
 */
export function tracing({
  collector,
  serviceName,
  spanName,
  sampling,
  samplingOfParents,
  attributes,
}: Tracing): Init<typeof HttpConnectionManager_TracingSchema> {
  return {
    provider: {
      name: "envoy.tracers.opentelemetry",
      configType: {
        case: "typedConfig",
        value: pack(OpenTelemetryConfigSchema, {
          ...exporter(collector),
          serviceName,
          sampler: sampler(sampling, samplingOfParents),
        }),
      },
    },
    // The sampler alone decides: neither chance nor an x-client-trace-id before it.
    clientSampling: { value: 0 },
    randomSampling: { value: 100 },
    ...(spanName !== undefined && { operation: spanName }),
    customTags: attributes.map(customTag),
  };
}

function sampler(ofNew: Share, ofParents: Share | undefined): Init<typeof TypedExtensionConfigSchema> {
  if (ofParents === undefined) return ratioBased(ofNew);
  return ofParents.numerator === ofParents.denominator
    ? parentBased(ratioBased(ofNew))
    : downsampling(ofNew, ofParents);
}

function ratioBased({ numerator, denominator }: Share): Init<typeof TypedExtensionConfigSchema> {
  const samplingPercentage = fraction(numerator, denominator);
  return {
    name: "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
    typedConfig: pack(TraceIdRatioBasedSamplerConfigSchema, { samplingPercentage }),
  };
}

function parentBased(ofNew: Init<typeof TypedExtensionConfigSchema>): Init<typeof TypedExtensionConfigSchema> {
  return {
    name: "envoy.tracers.opentelemetry.samplers.parent_based",
    typedConfig: pack(ParentBasedSamplerConfigSchema, { wrappedSampler: ofNew }),
  };
}

function exporter({ cluster, protocol, authority, headers }: TraceCollector): Init<typeof OpenTelemetryConfigSchema> {
  const timeout = duration(EXPORT_MILLISECONDS);
  if (protocol === "gRPC") {
    return {
      grpcService: {
        targetSpecifier: { case: "envoyGrpc", value: { clusterName: cluster, authority } },
        // Sent as they are, though Envoy wants them to be formats.
        initialMetadata: headers.map(({ name, value }) => ({ key: name, value })),
        timeout,
      },
    };
  }
  return {
    httpService: {
      httpUri: {
        uri: `http://${authority}/v1/traces`,
        httpUpstreamType: { case: "cluster", value: cluster },
        timeout,
      },
      requestHeadersToAdd: headers.map(overwriting),
    },
  };
}

function customTag(attribute: SpanAttribute): Init<typeof CustomTagSchema> {
  const { name: tag } = attribute;
  switch (attribute.kind) {
    case "literal":
      return { tag, type: { case: "literal", value: { value: attribute.value } } };
    case "requestHeader":
      return { tag, type: { case: "requestHeader", value: { name: attribute.header } } };
    case "responseHeader":
      return { tag, type: { case: "value", value: `%RESP(${attribute.header})%` } };
    case "header":
      return { tag, type: { case: "value", value: firstOf(attribute.header) } };
    case "standard": {
      const { format, integer = false } = standard[attribute.key];
      return {
        tag,
        type: { case: "value", value: format },
        ...(integer && { valueType: CustomTag_ValueType.INT }),
      };
    }
  }
}

/** The request's header, else the response's. */
function firstOf(header: string): string {
  const operators = ["REQ", "RESP"].map((command) => ({ command, param: header }));
  return `%COALESCE(${JSON.stringify({ operators })})%`;
}

const standard: Readonly<Record<StandardAttribute, { readonly format: string; readonly integer?: true }>> = {
  "client.address": { format: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%" },
  "client.port": { format: "%DOWNSTREAM_REMOTE_PORT%", integer: true },
  "http.request.body.size": { format: "%BYTES_RECEIVED%", integer: true },
  "http.request.method": { format: "%REQ(:METHOD)%" },
  "http.response.body.size": { format: "%BYTES_SENT%", integer: true },
  "http.response.status_code": { format: "%RESPONSE_CODE%", integer: true },
  "network.local.address": { format: "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%" },
  "network.local.port": { format: "%DOWNSTREAM_LOCAL_PORT%", integer: true },
  "network.peer.address": { format: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%" },
  "network.peer.port": { format: "%DOWNSTREAM_DIRECT_REMOTE_PORT%", integer: true },
  "tls.cipher": { format: "%DOWNSTREAM_TLS_CIPHER%" },
  "tls.client.issuer": { format: "%DOWNSTREAM_PEER_ISSUER%" },
  "tls.client.server_name": { format: "%REQUESTED_SERVER_NAME%" },
  "tls.client.subject": { format: "%DOWNSTREAM_PEER_SUBJECT%" },
  "url.full": { format: "%REQ(:SCHEME)%://%REQ(:AUTHORITY)%%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%" },
  "url.path": { format: "%PATH(NQ:ORIG_OR_PATH)%" },
  "url.query": { format: "%QUERY_PARAMS(ORIG)%" },
  "url.scheme": { format: "%REQ(:SCHEME)%" },
  "user_agent.original": { format: "%REQ(USER-AGENT)%" },
};
