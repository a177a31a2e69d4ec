import { type Authority, createAuthority, readAuthority } from "../certificates/authority.ts";
import { renewalTime } from "../certificates/validity.ts";
import { managedBy } from "../infrastructure/names.ts";
import { isReason } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { ownedResources } from "./owned-objects.ts";

const name = "gatewright-authority";

/**
 * The authority that all replicas of the controller share, kept in a Secret of its namespace.
 *
 * Whoever comes first makes it; it is replaced half-way through its life, and its successor goes on trusting what it signed.
 *
 * @throws ApiError; Error if the Secret is there and holds no authority
 */
export async function keepAuthority(client: KubernetesClient, namespace: string, now = new Date()): Promise<Authority> {
  const secret = await client.get(ownedResources.Secret, { namespace, name });
  if (secret === undefined) {
    const authority = await createAuthority(now);
    try {
      await client.create(ownedResources.Secret, secretOf(authority, namespace));
      return authority;
    } catch (error) {
      if (!isReason(error, "AlreadyExists")) throw error;
      return await keepAuthority(client, namespace, now);
    }
  }
  const authority = await readAuthority({
    certificate: value(secret, "tls.crt"),
    key: value(secret, "tls.key"),
    trusted: value(secret, "ca.crt"),
  });
  const renewal = renewalTime(authority.certificate);
  if (renewal !== undefined && renewal > now) return authority;
  const successor = await createAuthority(now, authority);
  try {
    const { resourceVersion = "" } = secret.metadata;
    const renewed = secretOf(successor, namespace);
    await client.replace(ownedResources.Secret, { ...renewed, metadata: { ...renewed.metadata, resourceVersion } });
    return successor;
  } catch (error) {
    if (!isReason(error, "Conflict")) throw error;
    return await keepAuthority(client, namespace, now);
  }
}

function secretOf({ certificate, key, trusted }: Authority, namespace: string): ApiObject {
  const data = Object.entries({ "tls.crt": certificate, "tls.key": key, "ca.crt": trusted });
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: managedBy },
    type: "gatewright.dev/authority",
    data: Object.fromEntries(data.map(([field, text]) => [field, Buffer.from(text).toString("base64")])),
  };
}

function value({ data }: ApiObject & { readonly data?: unknown }, field: string): string {
  const found =
    typeof data === "object" && data !== null ? new Map<string, unknown>(Object.entries(data)).get(field) : "";
  return Buffer.from(typeof found === "string" ? found : "", "base64").toString("utf8");
}
