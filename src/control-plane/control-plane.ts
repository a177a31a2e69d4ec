import type { Collection, Input } from "../collections/collection.ts";
import type { CollectionError } from "../collections/error.ts";
import { Graph } from "../collections/graph.ts";
import { defaultOptions, type Options as EnvoyOptions } from "../envoy/options.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import { translate } from "../envoy/translate.ts";
import { readSystemCertificates } from "../fleet/system-certificates.ts";
import { createResourceInputs, isResourceKind, type ResourceInputs, setResource } from "../gateway/inputs.ts";
import type { Placement } from "../gateway/placement.ts";
import { deriveSemantics, type Semantics } from "../gateway/semantics.ts";
import { kindKey } from "../gateway/trust.ts";
import type { Finding } from "../resources/finding.ts";
import type { Kind } from "../resources/kinds.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { Origin, SourceLocation } from "../resources/origin.ts";
import type { ResourceBatch, ResourceChange, ResourceSink } from "../sources/source.ts";
import { definitionsKey, deriveStatus } from "../status/derive-status.ts";
import type { ObjectStatus } from "../status/object-status.ts";
import type { ProxyState } from "../status/proxy-state.ts";
import type { Refusal } from "../status/refusal.ts";
import type { DefinitionVersion } from "../status/supported-version.ts";
import { shared } from "../strings/shared.ts";
import { type Tampering, tamperWith } from "./tampering.ts";

export interface ControlPlaneOptions {
  readonly placement: Placement;
  readonly envoy?: Partial<EnvoyOptions>;
  /** The authorities that this machine trusts, in PEM. */
  readonly systemCertificates?: () => string | undefined;
  /** Told of a derivation that failed: a defect of ours, which takes away that one object's part and nothing else. */
  readonly onError?: (error: CollectionError) => void;
  readonly tampering?: Tampering;
}

/**
 * From resources to Envoy's configuration and status, incrementally: everything between a source and the xDS server.
 *
 * Pure but for the state that it keeps; it knows neither files nor Kubernetes nor a running Envoy.
 */
export class ControlPlane implements ResourceSink {
  readonly graph: Graph;
  readonly resources: ResourceInputs;
  readonly semantics: Semantics;
  readonly envoyResources: Collection<EnvoyResource>;
  /** How they are made. */
  readonly envoyOptions: EnvoyOptions;
  /** What the Envoys say of themselves; written by whoever runs them. */
  readonly proxies: Input<ProxyState>;
  /** What Envoys refuse; written by whoever runs them. */
  readonly refusals: Input<Refusal>;
  readonly status: Collection<ObjectStatus>;
  readonly #unserved: Input<true>;
  readonly #definitions: Input<readonly DefinitionVersion[]>;
  readonly #objects = new Map<string, KubernetesObject>();
  /** Of those objects that come from files. */
  readonly #places = new Map<string, NonNullable<ResourceChange["locate"]>>();
  readonly #findings = new Map<string, readonly Finding[]>();
  #since: number | undefined;

  constructor({
    placement,
    envoy,
    systemCertificates = once(readSystemCertificates),
    onError,
    tampering,
  }: ControlPlaneOptions) {
    this.graph = new Graph(onError === undefined ? {} : { onError });
    this.resources = createResourceInputs(this.graph);
    this.proxies = this.graph.input("proxies");
    this.#unserved = this.graph.input("unservedKinds");
    this.semantics = deriveSemantics(this.graph, this.resources, placement, {
      systemCertificates,
      unservedKinds: this.#unserved,
    });
    const { sockets, hostTables, clusters, endpointSets, certificates, trustBundles } = this.semantics;
    this.envoyOptions = { ...defaultOptions, ...envoy };
    const meaning = { listeners: sockets, hostTables, clusters, endpoints: endpointSets, certificates, trustBundles };
    this.envoyResources = translate(
      this.graph,
      tampering === undefined ? meaning : tamperWith(this.graph, meaning, tampering),
      this.envoyOptions,
    );
    this.#definitions = this.graph.input("definitions");
    this.refusals = this.graph.input("envoyRefusals");
    this.status = deriveStatus(
      this.graph,
      this.resources,
      this.semantics,
      this.proxies,
      this.#definitions,
      this.#unserved,
      this.refusals,
    );
  }

  /** Which definitions of Gateway API kinds there are. Files need none, and say nothing of them. */
  setDefinitions(definitions: readonly DefinitionVersion[]): void {
    this.#definitions.set(definitionsKey, definitions);
  }

  /** Which of the kinds that are read the API server has, and which it lacks; files have them all. */
  setServed(kinds: readonly { readonly kind: Pick<Kind, "kind" | "group">; readonly served: boolean }[]): void {
    this.graph.transaction(() => {
      for (const { kind, served } of kinds) {
        if (served) this.#unserved.delete(kindKey(kind));
        else this.#unserved.set(kindKey(kind), true);
      }
    });
  }

  /** Applies one batch of a source as one transaction. */
  apply({ changes, findings, since }: ResourceBatch): void {
    for (const [file, list] of findings) {
      if (list.length === 0) this.#findings.delete(file);
      else this.#findings.set(file, list);
    }
    this.#since = since;
    try {
      this.graph.transaction(() => {
        for (const change of changes) this.#change(change);
      });
    } finally {
      this.#since = undefined;
    }
  }

  /** While a batch is applied: when the source saw the first of its events, by `performance.now()`. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Every object that is served now, of any kind, in the order of kind, namespace and name. */
  objects(): readonly KubernetesObject[] {
    return [...this.#objects.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, object]) => object);
  }

  /** How many objects of each kind are served now. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { kind } of this.#objects.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  /** What the source has to say about what people wrote, in the order of files. */
  findings(): readonly Finding[] {
    return [...this.#findings.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).flatMap(([, list]) => list);
  }

  /** Where a field was written, as far as the source knows. */
  locate({ resource, path }: Origin): SourceLocation | undefined {
    const key = resource.namespace === undefined ? resource.name : `${resource.namespace}/${resource.name}`;
    return this.#places.get(`${resource.kind}/${key}`)?.(path);
  }

  #change({ kind, key, object, locate }: ResourceChange): void {
    const place = shared(`${kind}/${key}`);
    if (object === undefined || locate === undefined) this.#places.delete(place);
    else this.#places.set(place, locate);
    if (object === undefined) {
      this.#objects.delete(place);
      if (isResourceKind(kind)) this.resources[kind].delete(key);
    } else {
      this.#objects.set(place, object);
      if (isResourceKind(kind)) setResource(this.resources, kind, object);
    }
  }
}

function once<Value>(read: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}
