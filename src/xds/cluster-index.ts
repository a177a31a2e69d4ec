import type { EnvoyResource } from "../envoy/resource.ts";

const none: readonly string[] = [];

/** The clusters of one response: each has a place, and each endpoint set clusters that are served by it. */
export class ClusterIndex {
  readonly #places = new Map<string, number>();
  readonly #clusters: EnvoyResource[] = [];
  readonly #byEndpoints = new Map<string, string[]>();

  constructor(entries: ReadonlyMap<string, EnvoyResource | undefined>) {
    for (const [name, cluster] of entries) {
      if (cluster === undefined) continue;
      this.#places.set(name, this.#clusters.length);
      this.#clusters.push(cluster);
      if (cluster.endpoints === undefined) continue;
      const others = this.#byEndpoints.get(cluster.endpoints);
      if (others === undefined) this.#byEndpoints.set(cluster.endpoints, [name]);
      else others.push(name);
    }
  }

  get size(): number {
    return this.#clusters.length;
  }

  /** In the order of their places. */
  get all(): readonly EnvoyResource[] {
    return this.#clusters;
  }

  placeOf(cluster: string): number | undefined {
    return this.#places.get(cluster);
  }

  at(place: number): EnvoyResource | undefined {
    return this.#clusters[place];
  }

  servedBy(endpoints: string): readonly string[] {
    return this.#byEndpoints.get(endpoints) ?? none;
  }
}
