import type { Finding } from "../resources/finding.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { FieldPath, ResourceReference, SourceLocation } from "../resources/origin.ts";

/** One object that appeared, changed or went. */
export interface ResourceChange {
  readonly reference: ResourceReference;
  /** `namespace/name`, or `name` for cluster-scoped kinds. */
  readonly key: string;
  readonly kind: string;
  /** Absent when the object is gone. Otherwise valid, with its defaults applied. */
  readonly object: KubernetesObject | undefined;
  /**
   * Where a field was written. Answers for the text that is being served now, also after an edit that moved lines and
   * changed nothing else (such an edit is no change). Absent when the object is gone or came from no file.
   */
  readonly locate?: (path: FieldPath) => SourceLocation | undefined;
}

/** What one settled moment changed: applied as a whole or not at all. Each object is in it at most once. */
export interface ResourceBatch {
  /** When the source saw the first of the events that it comes from, as `performance.now()` tells it. */
  readonly since?: number;
  readonly changes: readonly ResourceChange[];
  /**
   * By file: everything there is to say about it now. Replaces what an earlier batch said about the same file; an empty
   * list takes it back. Files that are not in it keep theirs.
   */
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
}

/**
 * Where a source puts what it sees. One call is one transaction downstream.
 *
 * The first call is the complete state at start, and is made even if there is nothing. Later calls change something.
 */
export interface ResourceSink {
  apply(batch: ResourceBatch): void;
}

/** Brings resources in until it is closed. */
export interface ResourceSource {
  /** Resolves when the first batch has been applied. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}
