import type { Reader } from "../collections/collection.ts";
import { type Share, type SpanAttribute, standardAttributes, type Tracing } from "../ir/tracing.ts";
import type {
  Attribute,
  ParentBasedSampling,
  TracingConfig,
  TracingProvider,
} from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type BackendContext, type BackendTarget, clusterName } from "./backend.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { parametersKind } from "./parameters-reference.ts";
import type { PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import { resolveBackend } from "./resolve-backend.ts";

/** What a `spec.tracing` asks for, and whether that can be done. */
export interface ReadTracing {
  readonly notEnforced: readonly UnenforcedField[];
  readonly problems: readonly Problem[];
  /** Absent where it is not enabled, and where nobody is there to send spans to. */
  readonly tracing?: TracingOfGateways;
  /** The backend that it names, whether it can be sent to or not. */
  readonly use?: PolicyTarget;
}

/** Wherever it applies: the name of a Gateway is the service's name where none is given. */
export interface TracingOfGateways extends Omit<Tracing, "serviceName"> {
  readonly serviceName?: string;
  readonly target: BackendTarget;
}

/** Whose `spec.tracing` it is. */
interface Writer {
  readonly group: string;
  readonly kind: "XTelemetryPolicy" | typeof parametersKind;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Gateway API, TracingConfig, where it is enabled. Of new traces all are recorded unless `samplingRate` says otherwise, and a client's
 * decision is respected unless `parentBasedSampling` is Disabled.
 */
export function readTracing(
  config: Omit<TracingConfig, "mode"> & { readonly provider: TracingProvider },
  resource: Writer,
  reader: Reader,
  context: BackendContext,
): ReadTracing {
  const { provider } = config;
  const { kind, namespace } = resource;
  const origin: Origin = { resource, path: ["spec", "tracing", "provider", "backendRef"] };
  const protocol = exportProtocol(provider, namespace, reader, context);
  const spokenAs = protocol === "gRPC" ? "GRPCRoute" : "HTTPRoute";
  const { target, problem, use } = resolveBackend(
    reader,
    context,
    kind,
    namespace,
    provider.backendRef,
    origin,
    spokenAs,
  );
  const headers = exportHeaders(provider, protocol);
  const attributes = spanAttributes(config);
  return {
    notEnforced: [...headers.notEnforced, ...attributes.notEnforced],
    problems: problem === undefined ? [] : [problem],
    ...(use === undefined ? {} : { use }),
    ...(target === undefined
      ? {}
      : {
          tracing: {
            target,
            collector: {
              cluster: clusterName(target),
              protocol,
              authority: authority(provider, namespace),
              headers: headers.headers,
            },
            ...(config.serviceName === undefined ? {} : { serviceName: config.serviceName }),
            ...(config.spanName === undefined ? {} : { spanName: config.spanName }),
            sampling: config.samplingRate ?? everything,
            ...samplingOfParents(config.parentBasedSampling),
            attributes: attributes.attributes,
          },
        }),
  };
}

const everything: Share = { numerator: 100, denominator: 100 };

function samplingOfParents(parents: ParentBasedSampling | undefined): Pick<Tracing, "samplingOfParents"> {
  return parents?.mode === "Disabled" ? {} : { samplingOfParents: parents?.samplingRate ?? everything };
}

/** The port that IANA gives to OTLP over HTTP. */
const otlpHttpPort = 4318;

/**
 * OTLP goes over gRPC, as the port 4317 of a collector takes it, but to a port that says it speaks HTTP (`appProtocol`, or HTTP11
 * of an XBackend), or that says nothing and is OTLP's own for HTTP.
 */
function exportProtocol(
  { backendRef }: TracingProvider,
  ownNamespace: string,
  { fetch }: Reader,
  { services, xBackends }: BackendContext,
): "gRPC" | "HTTP" {
  const key = `${backendRef.namespace ?? ownNamespace}/${backendRef.name}`;
  if (backendRef.kind === "XBackend") {
    const xBackend = fetch(xBackends, key);
    return xBackend?.protocol === "HTTP11" || xBackend?.port === otlpHttpPort ? "HTTP" : "gRPC";
  }
  const named = fetch(services, key)?.ports.find(({ port }) => port === backendRef.port);
  const speaks = named?.appProtocol?.toLowerCase();
  if (speaks === "http" || speaks === "https") return "HTTP";
  return speaks === undefined && backendRef.port === otlpHttpPort ? "HTTP" : "gRPC";
}

/** Envoy takes a "%" in a header of a gRPC export for a command, and knows no way to write one that is meant. */
function exportHeaders({ headers = [] }: TracingProvider, protocol: "gRPC" | "HTTP") {
  const mayBeSent = (value: string) => protocol === "HTTP" || !value.includes("%");
  return {
    headers: headers
      .filter(({ name, value }) => mayBeSent(value) && !isHost(name))
      .map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    notEnforced: headers.flatMap(({ value }, index) =>
      mayBeSent(value)
        ? []
        : [
            {
              path: ["spec", "tracing", "provider", "headers", index],
              because: 'Envoy can send no "%" in a header over gRPC; over HTTP it can.',
            },
          ],
    ),
  };
}

/** What a client of the Service would say as its Host, unless a header says otherwise. */
function authority({ backendRef: { name, namespace, port }, headers = [] }: TracingProvider, ownNamespace: string) {
  const host = headers.find((header) => isHost(header.name))?.value;
  return host ?? `${name}.${namespace ?? ownNamespace}${port === undefined ? "" : `:${port}`}`;
}

function isHost(name: string): boolean {
  return name.toLowerCase() === "host";
}

function spanAttributes({ attributes = [] }: Pick<TracingConfig, "attributes">) {
  const read = attributes.map(spanAttribute);
  return {
    attributes: read.flatMap((attribute) => attribute ?? []),
    notEnforced: read.flatMap((attribute, index) =>
      attribute === undefined
        ? [
            {
              path: ["spec", "tracing", "attributes", index, "attributeKey"],
              because: "Envoy has no value for it.",
            },
          ]
        : [],
    ),
  };
}

/** Undefined for a key of OpenTelemetry's that Envoy has no value for. */
function spanAttribute(attribute: Attribute): SpanAttribute | undefined {
  const { name, sourceType, headerName = "", literalValue = "", attributeKey = "" } = attribute;
  switch (sourceType) {
    case "Literal":
      return { name, kind: "literal", value: literalValue };
    case "Header":
      return { name, kind: "header", header: headerName.toLowerCase() };
    case "Attribute": {
      const [, side, header] = /^http\.(request|response)\.header\.(.+)$/.exec(attributeKey) ?? [];
      if (header !== undefined) return { name, kind: side === "request" ? "requestHeader" : "responseHeader", header };
      const key = standardAttributes.find((known) => known === attributeKey);
      return key === undefined ? undefined : { name, kind: "standard", key };
    }
  }
}
