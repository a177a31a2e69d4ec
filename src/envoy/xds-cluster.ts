import { create } from "@bufbuild/protobuf";
import { Cluster_DiscoveryType, type ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { TransportSocketSchema } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "./generated/envoy/config/core/v3/config_source_pb.ts";
import {
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/common_pb.ts";
import { type Secret, SecretSchema } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { UpstreamTlsContextSchema } from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { HttpProtocolOptionsSchema } from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { duration, type Init, pack, typeUrl } from "./message.ts";
import { pipe } from "./pipe.ts";
import { toJsonObject } from "./to-json.ts";

/** Where the xDS server is: a Unix domain socket of this machine, or a host that is spoken to with mutual TLS. */
export type XdsEndpoint =
  | { readonly path: string }
  | {
      /** A name, or an IP address. */
      readonly host: string;
      readonly port: number;
      /** The name in the server's certificate. */
      readonly serverName: string;
      /** Folder of the files of {@link xdsSecretFiles}. */
      readonly secretFiles: string;
    };

const CERTIFICATE = "xds-certificate";
const TRUST = "xds-trust";

export function xdsCluster(name: string, endpoint: XdsEndpoint): Init<typeof ClusterSchema> {
  const address =
    "path" in endpoint
      ? pipe(endpoint.path)
      : {
          address: {
            case: "socketAddress" as const,
            value: { address: endpoint.host, portSpecifier: { case: "portValue" as const, value: endpoint.port } },
          },
        };
  return {
    name,
    clusterDiscoveryType: {
      case: "type",
      value: "path" in endpoint ? Cluster_DiscoveryType.STATIC : Cluster_DiscoveryType.STRICT_DNS,
    },
    connectTimeout: duration(1_000),
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address } } }] }],
    },
    ...("path" in endpoint ? {} : { transportSocket: mutualTls(endpoint) }),
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": pack(HttpProtocolOptionsSchema, {
        upstreamProtocolOptions: {
          case: "explicitHttpConfig",
          value: {
            protocolConfig: {
              case: "http2ProtocolOptions",
              // A controller whose machine vanished, or that hangs, is left for another one after this time.
              value: { connectionKeepalive: { interval: duration(10_000), timeout: duration(5_000) } },
            },
          },
        },
      }),
    },
  };
}

function mutualTls(endpoint: Exclude<XdsEndpoint, { path: string }>): Init<typeof TransportSocketSchema> {
  return {
    name: "envoy.transport_sockets.tls",
    configType: {
      case: "typedConfig",
      value: pack(UpstreamTlsContextSchema, {
        sni: endpoint.serverName,
        commonTlsContext: {
          alpnProtocols: ["h2"],
          // Envoy's clients speak 1.2 at most unless told otherwise.
          tlsParams: {
            tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
            tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
          },
          tlsCertificateSdsSecretConfigs: [{ name: CERTIFICATE, sdsConfig: file(endpoint.secretFiles, CERTIFICATE) }],
          validationContextType: {
            case: "validationContextSdsSecretConfig",
            value: { name: TRUST, sdsConfig: file(endpoint.secretFiles, TRUST) },
          },
        },
      }),
    },
  };
}

function file(folder: string, name: string): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: "pathConfigSource", value: { path: `${folder}/${name}.json` } },
    resourceApiVersion: ApiVersion.V3,
  });
}

/**
 * Files that tell Envoy where its certificates are, by name.
 *
 * Certificates named in a bootstrap itself are read once; these, whenever `certificates` (a folder with tls.crt, tls.key
 * and ca.crt, as the kubelet updates it: by renaming the folder within) changes.
 */
export function xdsSecretFiles(certificates: string, serverName: string): Readonly<Record<string, string>> {
  const filename = (name: string) => ({ specifier: { case: "filename" as const, value: `${certificates}/${name}` } });
  const watchedDirectory = { path: certificates };
  const secrets: readonly Secret[] = [
    create(SecretSchema, {
      name: CERTIFICATE,
      type: {
        case: "tlsCertificate",
        value: { certificateChain: filename("tls.crt"), privateKey: filename("tls.key"), watchedDirectory },
      },
    }),
    create(SecretSchema, {
      name: TRUST,
      type: {
        case: "validationContext",
        value: {
          trustedCa: filename("ca.crt"),
          watchedDirectory,
          matchTypedSubjectAltNames: [
            {
              sanType: SubjectAltNameMatcher_SanType.DNS,
              matcher: { matchPattern: { case: "exact", value: serverName } },
            },
          ],
        },
      },
    }),
  ];
  return Object.fromEntries(
    secrets.map((secret) => {
      const resource = { "@type": typeUrl(SecretSchema), ...toJsonObject(SecretSchema, secret) };
      return [`${secret.name}.json`, JSON.stringify({ resources: [resource] })];
    }),
  );
}
