import type { Options } from "../envoy/options.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { Place as SocketPlace } from "../gateway/placement.ts";
import type { Semantics } from "../gateway/semantics.ts";
import type { Finding } from "../resources/finding.ts";
import { formatPath, type Origin, type SourceLocation } from "../resources/origin.ts";
import type { Refusal } from "../status/refusal.ts";
import type { Place } from "./explanation.ts";

/** Everything that an explanation reads: what Envoy's configuration is made from. */
export interface Explained {
  readonly resources: Resources;
  readonly semantics: Semantics;
  readonly options: Options;
  /** What was refused when it was read. */
  readonly findings: readonly Finding[];
  /** Where clients reach a socket, as far as that is known. */
  readonly addressesOf: (socket: SocketPlace) => readonly string[];
  /** What Envoys refuse of what they are given. */
  readonly refusals: readonly Refusal[];
  readonly locate: (origin: Origin) => SourceLocation | undefined;
}

export function placeOf({ locate }: Pick<Explained, "locate">, origin: Origin): Place {
  const location = locate(origin);
  return { resource: origin.resource, field: formatPath(origin.path), ...(location !== undefined && { location }) };
}
