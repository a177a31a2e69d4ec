import type { Batch } from "./batch.ts";

/**
 * What Envoy says: a change of its interest in a type, an answer to a response, or both.
 *
 * xDS protocol, DeltaDiscoveryRequest: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */
export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: Iterable<string>;
  readonly unsubscribe: readonly string[];
  /** First request of a type on a stream: what Envoy still has from an earlier stream, by name. */
  readonly initialVersions: Iterable<readonly [name: string, version: string]>;
  /** Of the response that this answers; empty if it answers none. */
  readonly nonce: string;
  /** Why that response is refused. */
  readonly error?: string;
}

/** What Envoy is told of one type. */
export interface DeltaResponse {
  readonly nonce: string;
  readonly batch: Batch;
}

/** Subscribes to everything of a type. */
export const WILDCARD = "*";
