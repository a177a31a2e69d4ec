import { type Held, isKnown } from "./held.ts";
import { CLUSTER, EXTENSION_CONFIG, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** What resources of a type may name, for those whose content is not known. */
const mayName: ReadonlyMap<string, readonly string[]> = new Map([
  [SCOPED_ROUTE_CONFIGURATION, [CLUSTER]],
  [EXTENSION_CONFIG, [CLUSTER, SCOPED_ROUTE_CONFIGURATION]],
  [LISTENER, [CLUSTER, SCOPED_ROUTE_CONFIGURATION]],
]);

/**
 * By how many of the resources that one Envoy may have each cluster and each scope is named: what is named must stay.
 *
 * A resource counts from the moment that it is sent, and until another version of it (or its removal) is acknowledged: in
 * between Envoy may have either. One that Envoy brought along in a version we do not know may name anything.
 */
export class Holdings {
  readonly #named = new Map<string, Map<string, number>>([
    [CLUSTER, new Map()],
    [SCOPED_ROUTE_CONFIGURATION, new Map()],
  ]);
  readonly #unknown = new Map<string, number>();
  readonly #onFree: (typeUrl: string, name: string | undefined) => void;

  /** @param onFree nothing may name this any more; without a name: any of this type may be free now */
  constructor(onFree: (typeUrl: string, name: string | undefined) => void) {
    this.#onFree = onFree;
  }

  isNamed(typeUrl: string, name: string): boolean {
    return this.#unknown.has(typeUrl) || this.#named.get(typeUrl)?.has(name) === true;
  }

  hold(typeUrl: string, held: Held): void {
    this.#count(typeUrl, held, 1);
  }

  release(typeUrl: string, held: Held): void {
    this.#count(typeUrl, held, -1);
  }

  #count(typeUrl: string, held: Held, by: 1 | -1): void {
    if (!isKnown(held)) {
      for (const target of mayName.get(typeUrl) ?? []) {
        if (add(this.#unknown, target, by) === 0) this.#onFree(target, undefined);
      }
      return;
    }
    this.#countNames(CLUSTER, held.clusters ?? [], by);
    this.#countNames(SCOPED_ROUTE_CONFIGURATION, held.scopes ?? [], by);
  }

  #countNames(target: string, names: readonly string[], by: 1 | -1): void {
    const counts = this.#named.get(target);
    if (counts === undefined) return;
    for (const name of names) if (add(counts, name, by) === 0) this.#onFree(target, name);
  }
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): number {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}
