import { create } from "@bufbuild/protobuf";
import type { Cluster, SubjectAltName, UpstreamTls } from "../ir/cluster.ts";
import type { ClientValidation, TlsTermination } from "../ir/listener.ts";
import type { TlsParameters } from "../ir/tls-parameters.ts";
import { ads, WAIT_A_LITTLE } from "./ads.ts";
import { type TransportSocket, TransportSocketSchema } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  CertificateValidationContext_TrustChainVerification,
  SubjectAltNameMatcher_SanType,
  type SubjectAltNameMatcherSchema,
  TlsParameters_TlsProtocol,
  type TlsParametersSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { type Init, pack } from "./message.ts";
import { quote } from "./regex.ts";

const NAME = "envoy.transport_sockets.tls";

/** Ends TLS. Certificates come by themselves (SDS), so that a rotation touches no listener; SNI picks among them. */
export function downstreamTls(tls: TlsTermination): TransportSocket {
  return create(TransportSocketSchema, {
    name: NAME,
    configType: {
      case: "typedConfig",
      value: pack(DownstreamTlsContextSchema, {
        commonTlsContext: {
          ...(tls.parameters && { tlsParams: tlsParams(tls.parameters) }),
          tlsCertificateSdsSecretConfigs: tls.certificates.map((name) => ({ name, sdsConfig: ads(WAIT_A_LITTLE) })),
          alpnProtocols: [...tls.alpn],
          ...(tls.clients && clientValidation(tls.clients)),
        },
        ...(tls.clients && { requireClientCertificate: tls.clients.required }),
      }),
    },
  });
}

/** Starts TLS to a backend. The server name is the configured one, else the Host of the request. */
export function upstreamTls(tls: UpstreamTls, protocol: Cluster["protocol"]): TransportSocket {
  return create(TransportSocketSchema, {
    name: NAME,
    configType: {
      case: "typedConfig",
      value: pack(UpstreamTlsContextSchema, {
        sni: tls.serverName ?? "",
        commonTlsContext: {
          // Envoy's own maximum for a client is TLS 1.2.
          tlsParams: tlsParams({ maximumVersion: "1.3", ...tls.parameters }),
          alpnProtocols: tls.alpn === undefined ? upstreamAlpn(protocol) : [...tls.alpn],
          ...validation(tls.verification),
          ...(tls.clientCertificate !== undefined && {
            tlsCertificateSdsSecretConfigs: [{ name: tls.clientCertificate, sdsConfig: ads(WAIT_A_LITTLE) }],
          }),
        },
      }),
    },
  });
}

function tlsParams({ minimumVersion, maximumVersion, cipherSuites }: TlsParameters): Init<typeof TlsParametersSchema> {
  return {
    ...(minimumVersion !== undefined && { tlsMinimumProtocolVersion: protocols[minimumVersion] }),
    ...(maximumVersion !== undefined && { tlsMaximumProtocolVersion: protocols[maximumVersion] }),
    cipherSuites: [...(cipherSuites ?? [])],
  };
}

const protocols = { "1.2": TlsParameters_TlsProtocol.TLSv1_2, "1.3": TlsParameters_TlsProtocol.TLSv1_3 } as const;

/** Where a certificate is not required, one that fails the check does no harm either. */
function clientValidation({ trust, required }: ClientValidation): Init<typeof CommonTlsContextSchema> {
  const { ACCEPT_UNTRUSTED, VERIFY_TRUST_CHAIN } = CertificateValidationContext_TrustChainVerification;
  return {
    validationContextType: {
      case: "combinedValidationContext",
      value: {
        defaultValidationContext: { trustChainVerification: required ? VERIFY_TRUST_CHAIN : ACCEPT_UNTRUSTED },
        validationContextSdsSecretConfig: { name: trust, sdsConfig: ads(WAIT_A_LITTLE) },
      },
    },
  };
}

/** The authorities come by themselves (SDS), so that a new one touches no cluster; what they must vouch for is the cluster's. */
function validation(verification: UpstreamTls["verification"]): Init<typeof CommonTlsContextSchema> {
  if (verification === undefined) return {};
  return {
    validationContextType: {
      case: "combinedValidationContext",
      value: {
        defaultValidationContext: { matchTypedSubjectAltNames: verification.subjectAltNames.map(nameMatcher) },
        validationContextSdsSecretConfig: { name: verification.trust, sdsConfig: ads(WAIT_A_LITTLE) },
      },
    },
  };
}

/** Envoy compares an exact DNS name with a certificate's wildcard as RFC 6125 does. */
function nameMatcher({ type, value }: SubjectAltName): Init<typeof SubjectAltNameMatcherSchema> {
  const sanType = type === "URI" ? SubjectAltNameMatcher_SanType.URI : SubjectAltNameMatcher_SanType.DNS;
  if (type === "URI" || !value.startsWith("*.")) {
    return { sanType, matcher: { matchPattern: { case: "exact", value } } };
  }
  const regex = `[^.]+${quote(value.slice(1))}`;
  return { sanType, matcher: { matchPattern: { case: "safeRegex", value: { regex } } } };
}

function upstreamAlpn(protocol: Cluster["protocol"]): string[] {
  switch (protocol) {
    case "HTTP/1.1":
      return ["http/1.1"];
    case "HTTP/2":
      return ["h2"];
    case "TCP":
    case "UDP":
      return [];
  }
}
