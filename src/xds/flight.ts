import type { Batch, Entries } from "./batch.ts";

/** A response that Envoy has not answered yet. */
export interface Flight {
  readonly nonce: string;
  /** Number of the response on its stream. */
  readonly sequence: number;
  readonly sentAt: number;
  /** When the oldest change that it carries was made. */
  readonly changedAt: number;
  readonly entries: Entries;
  /** What was sent, for other streams to which the same is sent until this one has answered. */
  readonly batch: Batch;
}
