import { MISSED } from "../envoy/fix.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import { type Held, isKnown } from "./held.ts";
import { NameCounts } from "./name-counts.ts";
import type { ProxyResources } from "./resource-index.ts";
import { SparseMap, SparseSet } from "./sparse.ts";
import { CLUSTER, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** Types whose resources name others. */
const naming = [SCOPED_ROUTE_CONFIGURATION, LISTENER];

/** Types of what a resource may name, for one whose content is not known. */
function mayName(typeUrl: string, name: string): readonly string[] {
  if (!naming.includes(typeUrl)) return [];
  return typeUrl === LISTENER || name === MISSED ? [CLUSTER, SCOPED_ROUTE_CONFIGURATION] : [CLUSTER];
}

/**
 * By how many of the resources that one Envoy may have each cluster and each scope is named: what is named must stay.
 *
 * A resource counts from the moment that it is sent, and until another version of it (or its removal) is acknowledged: in
 * between Envoy may have either. One that Envoy brought along in a version we do not know may name anything.
 *
 * Of a type of which the Envoy has what is shared, but for exceptions, the shared resources are counted once for all Envoys, and
 * here only what is different.
 */
export class Holdings {
  readonly #resources: ProxyResources;
  readonly #counts = new NameCounts();
  /** Types whose shared resources are part of the count. */
  readonly #shared = new SparseSet<string>();
  readonly #unknown = new SparseMap<string, number>();
  readonly #onFree: (typeUrl: string, name: string | undefined) => void;

  /** @param onFree nothing may name this any more; without a name: any of this type may be free now */
  constructor(resources: ProxyResources, onFree: (typeUrl: string, name: string | undefined) => void) {
    this.#resources = resources;
    this.#onFree = onFree;
  }

  isNamed(typeUrl: string, name: string): boolean {
    return this.#unknown.has(typeUrl) || this.#isCounted(typeUrl, name);
  }

  hold(typeUrl: string, held: Held): void {
    this.#count(typeUrl, held, 1);
  }

  release(typeUrl: string, held: Held): void {
    this.#count(typeUrl, held, -1);
  }

  /** From now on the shared resources of a type are counted for all, or no longer are. The counts stay as they are. */
  rebase(typeUrl: string, isShared: boolean): void {
    if (isShared) this.#shared.add(typeUrl);
    else this.#shared.delete(typeUrl);
    if (!naming.includes(typeUrl)) return;
    for (const [, resource] of this.#resources.shared(typeUrl).entries()) this.#counts.add(resource, isShared ? -1 : 1);
  }

  /** What is shared changed; what the Envoy has did not. */
  shift(typeUrl: string, before: EnvoyResource | undefined, after: EnvoyResource | undefined): void {
    if (!this.#shared.has(typeUrl)) return;
    if (before !== undefined) this.#counts.add(before, 1);
    if (after !== undefined) this.#counts.add(after, -1);
  }

  #count(typeUrl: string, held: Held, by: 1 | -1): void {
    if (isKnown(held)) {
      this.#counts.add(held, by, (target, name) => {
        if (by === -1 && !this.#isCounted(target, name)) this.#onFree(target, name);
      });
      return;
    }
    for (const target of mayName(typeUrl, held.name)) {
      const count = (this.#unknown.get(target) ?? 0) + by;
      if (count !== 0) this.#unknown.set(target, count);
      else if (this.#unknown.delete(target)) this.#onFree(target, undefined);
    }
  }

  #isCounted(typeUrl: string, name: string): boolean {
    let count = this.#counts.get(typeUrl, name);
    for (const from of this.#shared) count += this.#resources.named(from, typeUrl, name);
    return count > 0;
  }
}
