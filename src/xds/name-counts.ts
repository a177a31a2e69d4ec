import type { EnvoyResource } from "../envoy/resource.ts";
import { SparseMap } from "./sparse.ts";
import { CLUSTER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** By how many resources each cluster and each scope is named. Counts may be negative: this may be a difference of two. */
export class NameCounts {
  readonly #clusters = new SparseMap<string, number>();
  readonly #scopes = new SparseMap<string, number>();

  get isEmpty(): boolean {
    return this.#clusters.size === 0 && this.#scopes.size === 0;
  }

  get(typeUrl: string, name: string): number {
    return this.#of(typeUrl)?.get(name) ?? 0;
  }

  /** @param changed told of each count that is another now */
  add(
    { clusters = [], scopes = [] }: Pick<EnvoyResource, "clusters" | "scopes">,
    by: 1 | -1,
    changed?: (typeUrl: string, name: string) => void,
  ): void {
    for (const name of clusters) {
      add(this.#clusters, name, by);
      changed?.(CLUSTER, name);
    }
    for (const name of scopes) {
      add(this.#scopes, name, by);
      changed?.(SCOPED_ROUTE_CONFIGURATION, name);
    }
  }

  #of(typeUrl: string): SparseMap<string, number> | undefined {
    if (typeUrl === CLUSTER) return this.#clusters;
    return typeUrl === SCOPED_ROUTE_CONFIGURATION ? this.#scopes : undefined;
  }
}

function add(counts: SparseMap<string, number>, name: string, by: 1 | -1): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
