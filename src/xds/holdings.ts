import { MISSED } from "../envoy/fix.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import type { Batch } from "./batch.ts";
import { type Held, isKnown } from "./held.ts";
import { NameCounts } from "./name-counts.ts";
import type { Overlay } from "./overlay.ts";
import type { ProxyResources } from "./resource-index.ts";
import { SparseMap, SparseSet } from "./sparse.ts";
import { CLUSTER, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** Types whose resources name others. */
const naming = [SCOPED_ROUTE_CONFIGURATION, LISTENER];

const none: readonly Batch[] = [];

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
 * What is in flight is counted once for all Envoys to which it was sent.
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
  #inFlight: readonly Batch[] = none;
  readonly #onFree: (typeUrl: string, name: string | undefined) => void;

  /** @param onFree nothing may name this any more; without a name: any of this type may be free now */
  constructor(resources: ProxyResources, onFree: (typeUrl: string, name: string | undefined) => void) {
    this.#resources = resources;
    this.#onFree = onFree;
  }

  isNamed(typeUrl: string, name: string): boolean {
    return this.#unknown.has(typeUrl) || this.#isCounted(typeUrl, name);
  }

  /** From now on Envoy may have what is in it. */
  sent(batch: Batch): void {
    if (naming.includes(batch.typeUrl)) this.#inFlight = [...this.#inFlight, batch];
  }

  /** Envoy answered. What it has of it is held by now; the rest may name nothing any more, see {@link Holdings.free}. */
  answered(batch: Batch): void {
    const index = this.#inFlight.indexOf(batch);
    if (index !== -1) this.#inFlight = this.#inFlight.length === 1 ? none : this.#inFlight.toSpliced(index, 1);
  }

  /** Envoy does not have this. Tells of what it names, and nothing else does. */
  free(resource: EnvoyResource): void {
    for (const name of resource.clusters ?? []) this.#freeIfUnnamed(CLUSTER, name);
    for (const name of resource.scopes ?? []) this.#freeIfUnnamed(SCOPED_ROUTE_CONFIGURATION, name);
  }

  /** All that Envoy has of a type, where nothing was held. What is as shared is not looked at one by one. */
  holdAll(typeUrl: string, held: Overlay<EnvoyResource, Held>): void {
    if (held.isShared) this.#shared.add(typeUrl);
    else this.#shared.delete(typeUrl);
    if (!naming.includes(typeUrl)) return;
    const shared = this.#resources.shared(typeUrl);
    for (const [name, value] of held.differing()) {
      const unshared = held.isShared ? shared.get(name) : undefined;
      if (unshared !== undefined) this.#counts.add(unshared, -1);
      if (value !== undefined) this.#count(typeUrl, value, 1);
    }
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
        if (by === -1) this.#freeIfUnnamed(target, name);
      });
      return;
    }
    for (const target of mayName(typeUrl, held.name)) {
      const count = (this.#unknown.get(target) ?? 0) + by;
      if (count !== 0) this.#unknown.set(target, count);
      else if (this.#unknown.delete(target)) this.#onFree(target, undefined);
    }
  }

  #freeIfUnnamed(typeUrl: string, name: string): void {
    if (!this.#isCounted(typeUrl, name)) this.#onFree(typeUrl, name);
  }

  #isCounted(typeUrl: string, name: string): boolean {
    let count = this.#counts.get(typeUrl, name);
    for (const from of this.#shared) count += this.#resources.named(from, typeUrl, name);
    return count > 0 || this.#inFlight.some((batch) => batch.named.get(typeUrl, name) > 0);
  }
}
