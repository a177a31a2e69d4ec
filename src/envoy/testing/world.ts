import type { Collection, Input } from "../../collections/collection.ts";
import { Graph } from "../../collections/graph.ts";
import type { TlsCertificate } from "../../ir/certificate.ts";
import type { Cluster, EndpointSet } from "../../ir/cluster.ts";
import { type HostTable, hostTableKey } from "../../ir/host-table.ts";
import type { Listener } from "../../ir/listener.ts";
import type { TrustBundle } from "../../ir/trust-bundle.ts";
import { defaultOptions, type Options } from "../options.ts";
import type { EnvoyResource } from "../resource.ts";
import { translate } from "../translate.ts";
import { PROXY } from "./ir.ts";

/** A whole meaning, as plain lists. */
export interface Parts {
  readonly listeners?: readonly Listener[];
  readonly tables?: readonly HostTable[];
  readonly backends?: readonly (readonly [Cluster, EndpointSet])[];
  readonly certificates?: readonly TlsCertificate[];
  readonly trustBundles?: readonly TrustBundle[];
}

/** One transaction. */
export interface Change extends Parts {
  readonly removedListeners?: readonly string[];
  readonly removedTables?: readonly Pick<HostTable, "proxy" | "chain" | "hostname">[];
  readonly removedBackends?: readonly string[];
}

/** The meaning, as inputs that a test writes, and what it becomes through the same translation that serves. */
export class World {
  readonly #graph = new Graph();
  readonly #listeners: Input<Listener> = this.#graph.input("listeners");
  readonly #hostTables: Input<HostTable> = this.#graph.input("hostTables");
  readonly #clusters: Input<Cluster> = this.#graph.input("clusters");
  readonly #endpoints: Input<EndpointSet> = this.#graph.input("endpoints");
  readonly #certificates: Input<TlsCertificate> = this.#graph.input("certificates");
  readonly #trustBundles: Input<TrustBundle> = this.#graph.input("trustBundles");
  readonly resources: Collection<EnvoyResource>;

  constructor(options: Options = defaultOptions) {
    const meaning = {
      listeners: this.#listeners,
      hostTables: this.#hostTables,
      clusters: this.#clusters,
      endpoints: this.#endpoints,
      certificates: this.#certificates,
      trustBundles: this.#trustBundles,
    };
    this.resources = translate(this.#graph, meaning, options);
  }

  set(change: Change): void {
    this.#graph.transaction(() => {
      for (const listener of change.listeners ?? []) this.#listeners.set(nodeKey(listener), listener);
      for (const table of change.tables ?? []) this.#hostTables.set(hostTableKey(table), table);
      for (const [cluster, set] of change.backends ?? []) {
        this.#clusters.set(nodeKey(cluster), cluster);
        this.#endpoints.set(nodeKey(set), set);
      }
      for (const certificate of change.certificates ?? []) this.#certificates.set(nodeKey(certificate), certificate);
      for (const bundle of change.trustBundles ?? []) this.#trustBundles.set(nodeKey(bundle), bundle);
      for (const listener of change.removedListeners ?? [])
        this.#listeners.delete(nodeKey({ proxy: PROXY, name: listener }));
      for (const table of change.removedTables ?? []) this.#hostTables.delete(hostTableKey(table));
      for (const backend of change.removedBackends ?? []) {
        this.#clusters.delete(nodeKey({ proxy: PROXY, name: backend }));
        this.#endpoints.delete(nodeKey({ proxy: PROXY, name: backend }));
      }
    });
  }
}

function nodeKey({ proxy, name }: { readonly proxy: string; readonly name: string }): string {
  return `${proxy}|${name}`;
}
