import type { Reader } from "../collections/collection.ts";
import type { Cluster, UpstreamTls } from "../ir/cluster.ts";
import type { BackendSpec, SessionPersistence, XBackend } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import { readBackendValidation } from "./backend-tls-validation.ts";
import { type CertificateContext, certificateName, resolveCertificate } from "./certificate.ts";
import { type Condition, isFalse } from "./condition.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { Placement } from "./placement.ts";
import { commonMissing, type Problem, resolvedRefs } from "./problem.ts";
import { experimentalGroup, type RouteKind } from "./route-kind.ts";
import { sessionFieldsNotEnforced } from "./session-persistence.ts";
import type { TrustCollections } from "./trust.ts";

/** An XBackend by itself: where it is, how it is spoken to, and whether that can be done. */
export interface ReadXBackend {
  readonly port: number;
  readonly protocol?: NonNullable<BackendSpec["protocol"]>;
  /** Of type ExternalHostname; what it is called in DNS. */
  readonly hostname?: string;
  /** Why DNS is not asked for its hostname, in words. */
  readonly hostnameProblem?: string;
  readonly tls?: UpstreamTls;
  readonly sessionPersistence?: SessionPersistence;
  readonly resolvedRefs: Condition;
  /** References that can't be used. */
  readonly problems: readonly Problem[];
  /** Why it can't be spoken to as it asks. Nothing is sent to it then. */
  readonly refused?: Condition;
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly UnenforcedField[];
}

/** What of an XBackend decides what routes make of it; its authorities and certificates change no route. */
export interface RoutableXBackend
  extends Pick<ReadXBackend, "port" | "protocol" | "sessionPersistence" | "refused" | "hostnameProblem"> {
  readonly tls: boolean;
  /** What would have to be there to speak to it, where nothing else is wrong. */
  readonly missing?: ResourceReference;
}

/** GEP-4894, BackendSpec. The certificate that a Gateway shows to its backends is not shown to an XBackend, which names its own. */
export function readXBackend(
  { metadata, spec }: XBackend,
  { externalHostname }: Pick<Placement, "externalHostname">,
  reader: Reader,
  trust: TrustCollections,
  certificates: CertificateContext,
): ReadXBackend {
  const { namespace = "default", name } = metadata;
  const resource = { group: experimentalGroup, kind: "XBackend", namespace, name };
  const external = spec.externalHostname && externalHostname(spec.externalHostname.hostname);
  const tls = readTls(spec, { resource, path: ["spec", "tls"] }, namespace, reader, trust, certificates);
  return {
    port: spec.port.number ?? 0,
    ...(spec.protocol === undefined ? {} : { protocol: spec.protocol }),
    ...(external?.hostname === undefined ? {} : { hostname: external.hostname }),
    ...(spec.sessionPersistence === undefined ? {} : { sessionPersistence: spec.sessionPersistence }),
    ...tls,
    ...(external?.problem === undefined
      ? {}
      : {
          hostnameProblem: external.problem,
          refused: isFalse("Accepted", "RefNotPermitted", `spec.externalHostname.hostname: ${external.problem}`),
        }),
    resolvedRefs: resolvedRefs(tls.problems),
    notEnforced: sessionFieldsNotEnforced(spec.sessionPersistence, ["spec", "sessionPersistence"]),
  };
}

function readTls(
  { tls: { mode, validation, clientCertificateRef } }: BackendSpec,
  origin: Origin,
  namespace: string,
  reader: Reader,
  trust: TrustCollections,
  certificates: CertificateContext,
): Pick<ReadXBackend, "tls" | "problems" | "refused"> {
  if (mode === "None" || validation === undefined) return { problems: [] };
  const here = { ...origin, path: [...origin.path, "validation"] };
  const { tls, problems, refused } = readBackendValidation(validation, namespace, here, reader, trust);
  if (clientCertificateRef === undefined) return { tls, problems, ...(refused === undefined ? {} : { refused }) };
  const from = { group: experimentalGroup, kind: "XBackend", namespace };
  const found = resolveCertificate(reader, certificates, from, clientCertificateRef, {
    ...origin,
    path: [...origin.path, "clientCertificateRef"],
  });
  if (typeof found === "string") {
    const shown = { ...tls, clientCertificate: certificateName(found) };
    return { tls: shown, problems, ...(refused === undefined ? {} : { refused }) };
  }
  const reason = found.reason === "InvalidCertificateRef" ? "InvalidClientCertificateRef" : found.reason;
  return {
    tls,
    problems: [...problems, { ...found, reason }],
    refused: refused ?? isFalse("Accepted", reason, `It has no client certificate that can be shown: ${found.message}`),
  };
}

export function routableXBackend(read: ReadXBackend): RoutableXBackend {
  const { port, protocol, sessionPersistence, refused, hostnameProblem, tls, problems } = read;
  return {
    port,
    tls: tls !== undefined,
    ...(protocol === undefined ? {} : { protocol }),
    ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
    ...(refused === undefined ? {} : { refused, ...commonMissing(problems) }),
    ...(hostnameProblem === undefined ? {} : { hostnameProblem }),
  };
}

/**
 * BackendSpec.protocol: what is spoken to an XBackend; where it says nothing, what the route speaks. HTTP leaves the version to us,
 * and MCP is carried by HTTP. Undefined if it does not fit the route.
 */
export function speakToXBackend(
  kind: RouteKind,
  { protocol, tls }: Pick<RoutableXBackend, "protocol" | "tls">,
): Cluster["protocol"] | undefined {
  // What comes over a connection goes on as it is, whatever it is.
  if (kind === "TCPRoute" || kind === "TLSRoute") return "TCP";
  if (kind === "UDPRoute") return protocol === undefined && !tls ? "UDP" : undefined;
  switch (protocol) {
    case undefined:
    case "HTTP":
      return kind === "GRPCRoute" ? "HTTP/2" : "HTTP/1.1";
    case "HTTP2":
    case "H2C":
    case "GRPC":
      return "HTTP/2";
    case "HTTP11":
    case "WSS":
    case "MCP":
      return kind === "GRPCRoute" ? undefined : "HTTP/1.1";
    default:
      return undefined;
  }
}

/**
 * BackendSpec.protocol, where bytes are passed on: "implementations MUST include the protocol set here in the negotiation options
 * presented to the backend". Those of HTTP that leave the version open are offered as HTTP/1.1, which everybody speaks.
 */
export function offeredOverConnections(protocol: ReadXBackend["protocol"]): Pick<UpstreamTls, "alpn"> {
  switch (protocol) {
    case undefined:
    case "TCP":
      return {};
    case "HTTP2":
    case "H2C":
    case "GRPC":
      return { alpn: ["h2"] };
    case "HTTP":
    case "HTTP11":
    case "WSS":
    case "MCP":
      return { alpn: ["http/1.1"] };
  }
}
