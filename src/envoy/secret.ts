import { create } from "@bufbuild/protobuf";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { TrustBundle } from "../ir/trust-bundle.ts";
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

/** Certificates of authorities, delivered by themselves (SDS). */
export function trustResource({ proxy, name, certificates }: TrustBundle): EnvoyResource {
  const secret = create(SecretSchema, {
    name,
    type: {
      case: "validationContext",
      value: { trustedCa: { specifier: { case: "inlineString", value: certificates } } },
    },
  });
  return resource(proxy, name, SecretSchema, secret);
}
