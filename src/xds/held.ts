import type { EnvoyResource } from "../envoy/resource.ts";

/**
 * What an Envoy has of a resource. A whole {@link EnvoyResource} when we sent it or still have that version; only its name and version
 * when Envoy brought it along from an earlier stream and we no longer know what it said.
 */
export type Held = Pick<EnvoyResource, "name" | "version"> & Partial<EnvoyResource>;

/** Whether we know what a held resource names. */
export function isKnown(held: Held): held is EnvoyResource {
  return held.encoded !== undefined;
}
