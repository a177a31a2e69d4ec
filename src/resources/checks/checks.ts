import type { Kind } from "../kinds.ts";
import type { Mistake } from "../mistake.ts";
import type { KubernetesObject } from "../object.ts";

/** Finds in one valid object what no schema can see. */
export type Check = (object: KubernetesObject) => readonly Mistake[];

/** The checks of a kind. */
export function checksOf(kind: Kind): readonly Check[] {
  return checks.get(kind.kind) ?? [];
}

const checks: ReadonlyMap<string, readonly Check[]> = new Map();
