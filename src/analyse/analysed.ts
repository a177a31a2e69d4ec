import type { Collection } from "../collections/collection.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { Semantics } from "../gateway/semantics.ts";

/** Everything that an analysis reads: the objects, and what the semantics made of them. */
export interface Analysed {
  readonly resources: Resources;
  readonly semantics: Semantics;
}

/** Values in key order, so that findings come out the same each time. */
export function sorted<Value>(collection: Collection<Value>): readonly (readonly [string, Value])[] {
  return [...collection.entries()].sort(([left], [right]) => (left < right ? -1 : 1));
}
