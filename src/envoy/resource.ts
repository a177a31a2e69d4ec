import type { Origin } from "../resources/origin.ts";

/**
 * What stands in for a part of a resource that Envoy refuses: nothing yet (0), its harmless form (1), which answers what the part
 * would have answered with an error, or nothing at all (2), where even that is refused.
 */
export type Substitution = 0 | 1 | 2;

/** A part of a resource that Envoy may refuse by itself. */
export interface Part {
  /** From its content: equal parts have equal ids. */
  readonly id: string;
  readonly origins: readonly Origin[];
}

/** What a resource is made of, for when Envoy refuses it as a whole. */
export interface Parts {
  readonly all: readonly Part[];
  /** The resource with some parts substituted, by id. */
  substitute(by: ReadonlyMap<string, Substitution>): EnvoyResource;
  /** A resource of a name of its own that serves nobody, with these parts alone: what Envoy says of it, it says of them. */
  probe(parts: ReadonlyMap<string, Substitution>): EnvoyResource;
  /** What stands in for the whole, where what holds its parts together is refused; absent where nothing may. */
  readonly minimal?: EnvoyResource;
}

/**
 * One resource of a proxy's configuration, ready to be sent: its bytes are made once, here, and only copied after that.
 *
 * Keyed `${proxy}|${typeUrl}|${name}` in a collection ({@link envoyResourceKey}).
 */
export interface EnvoyResource {
  readonly proxy: string;
  readonly typeUrl: string;
  readonly name: string;
  /**
   * The serialised message: `value` of the Any that carries it, one character a byte. Equal meaning has equal bytes. A string, for
   * small buffers take as much beside their content again: an object for the garbage collector, one of Node's and one of malloc's.
   */
  readonly encoded: string;
  /** Hash of the bytes. Two resources of one name with equal versions are the same to Envoy. */
  readonly version: string;
  /** Clusters that must be warm in an Envoy before this resource may be sent to it, and stay while it has it. */
  readonly clusters?: readonly string[];
  /** Scopes (ScopedRouteConfiguration names) that must be there before this is sent, and stay while Envoy has it. */
  readonly scopes?: readonly string[];
  /** Of a Cluster with EDS: the ClusterLoadAssignment without which it does not become warm. */
  readonly endpoints?: string;
  /** Absent if it can only be refused as a whole. */
  readonly parts?: () => Parts;
}

/** The serialised message as bytes of its own. */
export function bytesOf({ encoded }: Pick<EnvoyResource, "encoded">): Uint8Array {
  const bytes = new Uint8Array(encoded.length);
  Buffer.from(bytes.buffer).write(encoded, "latin1");
  return bytes;
}

/** Key of a resource among all resources. */
export function envoyResourceKey(resource: Pick<EnvoyResource, "proxy" | "typeUrl" | "name">): string {
  return `${resource.proxy}|${resource.typeUrl}|${resource.name}`;
}
