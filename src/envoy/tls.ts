import { create } from "@bufbuild/protobuf";
import type { Cluster } from "../ir/cluster.ts";
import type { TlsTermination } from "../ir/listener.ts";
import { ads, WAIT_A_LITTLE } from "./ads.ts";
import { type TransportSocket, TransportSocketSchema } from "./generated/envoy/config/core/v3/base_pb.ts";
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { pack } from "./message.ts";

const NAME = "envoy.transport_sockets.tls";

/** Ends TLS. Certificates come by themselves (SDS), so that a rotation touches no listener; SNI picks among them. */
export function downstreamTls(tls: TlsTermination): TransportSocket {
  return create(TransportSocketSchema, {
    name: NAME,
    configType: {
      case: "typedConfig",
      value: pack(DownstreamTlsContextSchema, {
        commonTlsContext: {
          tlsCertificateSdsSecretConfigs: tls.certificates.map((name) => ({ name, sdsConfig: ads(WAIT_A_LITTLE) })),
          alpnProtocols: [...tls.alpn],
        },
      }),
    },
  });
}

/** Starts TLS to a backend. The server name is the configured one, else the Host of the request. */
export function upstreamTls(tls: NonNullable<Cluster["tls"]>, protocol: Cluster["protocol"]): TransportSocket {
  return create(TransportSocketSchema, {
    name: NAME,
    configType: {
      case: "typedConfig",
      value: pack(UpstreamTlsContextSchema, {
        sni: tls.serverName ?? "",
        commonTlsContext: { alpnProtocols: upstreamAlpn(protocol) },
      }),
    },
  });
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
