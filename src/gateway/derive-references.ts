import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type CertificateContext, type KeyPair, readKeyPair } from "./certificate.ts";
import type { Resources } from "./inputs.ts";

/** Who may refer to what, and the certificates that are referred to. */
export interface ReferenceCollections extends CertificateContext {
  /** By the key of their Secret. */
  readonly keyPairs: Collection<KeyPair>;
}

export function deriveReferences(graph: Graph, resources: Resources): ReferenceCollections {
  const grants = graph.group("grantsByNamespace", resources.ReferenceGrant, (grant) => [
    grant.metadata.namespace ?? "default",
  ]);
  const keyPairs = graph.derive("keyPairs", resources.Secret, readKeyPair);
  // Apart from the key pairs, so that a rotated certificate changes no listener.
  const validity = graph.derive("certificateValidity", keyPairs, (pair) => pair.problem ?? "valid");
  return { grants, keyPairs, validity };
}
