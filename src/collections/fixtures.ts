import { deepEqual, ok } from "node:assert/strict";
import type { Change, Collection } from "./collection.ts";
import { Graph } from "./graph.ts";

export function entriesOf<Value>(collection: Collection<Value>): Record<string, Value> {
  return Object.fromEntries(collection.entries());
}

/** How often the function of a collection has run so far. */
export function runsOf(graph: Graph, name: string): number {
  const dump = graph.dump().find((each) => each.name === name);
  ok(dump, `there is no collection ${name}`);
  return dump.runs;
}

/** A graph whose errors are collected. */
export function lenient(): { readonly graph: Graph; readonly errors: string[] } {
  const errors: string[] = [];
  return { graph: new Graph({ onError: (error) => errors.push(error.message) }), errors };
}

/** Applies changes to a copy, insisting that each follows from the state that the copy has. */
export function replay<Value>(state: Map<string, Value>, changes: readonly Change<Value>[]): void {
  let last: string | undefined;
  for (const { key, before, after } of changes) {
    if (last !== undefined && last >= key) throw new Error(`${key} came after ${last}`);
    last = key;
    deepEqual(state.get(key), before);
    if (after === undefined) state.delete(key);
    else state.set(key, after);
  }
}
