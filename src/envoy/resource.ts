/**
 * One resource of a proxy's configuration, ready to be sent: its bytes are made once, here, and only copied after that.
 *
 * Keyed `${proxy}|${typeUrl}|${name}` in a collection ({@link envoyResourceKey}).
 */
export interface EnvoyResource {
  readonly proxy: string;
  readonly typeUrl: string;
  readonly name: string;
  /** The serialised message: `value` of the Any that carries it. Equal meaning has equal bytes. */
  readonly bytes: Uint8Array;
  /** Hash of the bytes. Two resources of one name with equal versions are the same to Envoy. */
  readonly version: string;
  /** Clusters that must be warm in an Envoy before this resource may be sent to it, and stay while it has it. */
  readonly clusters?: readonly string[];
  /** Scopes (ScopedRouteConfiguration names) that must be there before this is sent, and stay while Envoy has it. */
  readonly scopes?: readonly string[];
  /** Of a Cluster with EDS: the ClusterLoadAssignment without which it does not become warm. */
  readonly endpoints?: string;
}

/** Key of a resource among all resources. */
export function envoyResourceKey(resource: Pick<EnvoyResource, "proxy" | "typeUrl" | "name">): string {
  return `${resource.proxy}|${resource.typeUrl}|${resource.name}`;
}
