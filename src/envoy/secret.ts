import { create } from "@bufbuild/protobuf";
import type { TlsCertificate } from "../ir/certificate.ts";
import { SecretSchema } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { resource } from "./message.ts";
import type { EnvoyResource } from "./resource.ts";

/** A certificate and its key, delivered by itself (SDS). */
export function secretResource({ proxy, name, certificateChain, privateKey }: TlsCertificate): EnvoyResource {
  const secret = create(SecretSchema, {
    name,
    type: {
      case: "tlsCertificate",
      value: {
        certificateChain: { specifier: { case: "inlineString", value: certificateChain } },
        privateKey: { specifier: { case: "inlineString", value: privateKey } },
      },
    },
  });
  return resource(proxy, name, SecretSchema, secret);
}
