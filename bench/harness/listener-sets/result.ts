import type { ApiUsage } from "../../cluster/api-usage.ts";
import type { ProcessUsage } from "../processes.ts";
import type { ChangeKind, ChangesResult } from "./changes.ts";

/** What came of making them. */
export interface MadeResult {
  /** Seconds that the API server took to be told of everything. */
  readonly writing: number;
  /** Seconds since the first, and since the answer to the last write, until every ListenerSet's status is right; undefined: never. */
  readonly sinceFirst?: number;
  readonly sinceLast?: number;
  /** ListenerSets that are accepted, programmed, and count their routes right. */
  readonly right: number;
  /** Hosts that are not served by their own certificate and route. */
  readonly unserved: number;
}

/** What a step took, of each change where it is some. */
export interface Cost {
  readonly controlPlaneCpuMs: number;
  readonly proxiesCpuMs: number;
  /** Bytes of configuration that the proxies received; undefined where they don't count them. */
  readonly configurationBytes: number | undefined;
  /** In a cluster: bytes between the control plane and the API server, and what was asked of it. */
  readonly apiBytes?: number;
  readonly api?: ApiUsage;
  /** After the step. */
  readonly controlPlane: ProcessUsage;
  readonly proxies: ProcessUsage;
}

/** Everything about one implementation. */
export interface ListenerSetsResult {
  readonly made: MadeResult & Cost;
  readonly changes: readonly (ChangesResult & Cost & { readonly kind: ChangeKind })[];
}
