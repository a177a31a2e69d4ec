import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type CertificateContext, type KeyPair, readKeyPair } from "./certificate.ts";
import type { Resources } from "./inputs.ts";

/** Who may refer to what, and the certificates that are referred to. */
export interface ReferenceCollections extends CertificateContext {
  /** By the key of their Secret; of those that are named. */
  readonly keyPairs: Collection<KeyPair>;
}

/** @param named Secrets that are named as key pairs, which alone are read */
export function deriveReferences(graph: Graph, resources: Resources, named: Collection<true>): ReferenceCollections {
  const grants = graph.group("grantsByNamespace", resources.ReferenceGrant, (grant) => [
    grant.metadata.namespace ?? "default",
  ]);
  const keyPairs = graph.derive("keyPairs", named, (_, key, { fetch }) => {
    const secret = fetch(resources.Secret, key);
    return secret && readKeyPair(secret);
  });
  // Apart from the key pairs, so that a rotated certificate changes no listener.
  const validity = graph.derive("certificateValidity", keyPairs, (pair) => pair.problem ?? "valid");
  return { grants, keyPairs, validity };
}
