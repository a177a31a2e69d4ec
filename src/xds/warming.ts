import type { EnvoyResource } from "../envoy/resource.ts";
import { Overlay } from "./overlay.ts";
import type { ProxyResources } from "./resource-index.ts";
import { SparseMap } from "./sparse.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT } from "./type-url.ts";

/** Sequence of what came before the stream's first response. */
const ADOPTED = 0;

/** One version of a cluster that was sent. */
interface Version {
  /** Number of the response that carried it. */
  readonly sequence: number;
  readonly endpoints: string | undefined;
  readonly sentAt: number;
  readonly acknowledged: boolean;
  /** The one that Envoy keeps if this one is refused. */
  readonly previous: Version | undefined;
}

/**
 * Which clusters are warm in one Envoy, so that a route may name them.
 *
 * Envoy, cluster warming: a cluster that was added serves when its endpoints have come, in a response after the one that
 * brought the cluster; and after its start, Envoy acknowledges a CDS response only when every cluster is warm. So a cluster is
 * warm when its response is acknowledged and so is one with its endpoints that was sent later. One cluster that takes
 * long (a DNS name that does not resolve) would thereby keep back all others, so after `patience` the endpoints alone decide.
 *
 * A cluster that is warm stays so while another version of it warms: Envoy serves the old one until then.
 */
export class Warming {
  readonly #patience: number;
  readonly #onWarm: (cluster: string) => void;
  readonly #warm: Overlay<EnvoyResource, true>;
  /** Latest version of each cluster that is not warm in it, in the order of sending. */
  readonly #warming = new SparseMap<string, Version>();
  readonly #adopted: string[] = [];
  #answered = false;
  /** Clusters that warm, by their endpoints; a set where several share them. */
  readonly #byEndpoints = new SparseMap<string, string | ReadonlySet<string>>();
  /** Endpoints that were acknowledged at all. */
  readonly #acknowledged: Overlay<EnvoyResource, true>;
  /** Number of the last response with these endpoints that was acknowledged while a cluster warmed with them. */
  readonly #lastAcknowledged = new SparseMap<string, number>();

  constructor(resources: Pick<ProxyResources, "shared">, patience: number, onWarm: (cluster: string) => void) {
    this.#warm = new Overlay(resources.shared(CLUSTER), present);
    this.#acknowledged = new Overlay(resources.shared(CLUSTER_LOAD_ASSIGNMENT), present);
    this.#patience = patience;
    this.#onWarm = onWarm;
  }

  /** A resource that is shared is another now. What Envoy has is as before. */
  shift(typeUrl: string, name: string, before: EnvoyResource | undefined): void {
    if (typeUrl === CLUSTER) this.#warm.shift(name, before);
    else if (typeUrl === CLUSTER_LOAD_ASSIGNMENT) this.#acknowledged.shift(name, before);
  }

  isWarm(cluster: string): boolean {
    return this.#warm.has(cluster);
  }

  /** Clusters that were sent and are not warm in their latest version. */
  names(): Iterable<string> {
    return this.#warming.keys();
  }

  clusterSent(cluster: string, sequence: number, endpoints: string | undefined, now: number): void {
    const previous = this.#warming.get(cluster);
    this.#warming.delete(cluster);
    this.#warming.set(cluster, { sequence, endpoints, sentAt: now, acknowledged: false, previous });
    if (endpoints === undefined) return;
    const others = this.#byEndpoints.get(endpoints);
    if (others === undefined) this.#byEndpoints.set(endpoints, cluster);
    else if (others !== cluster) this.#byEndpoints.set(endpoints, new Set([...listOf(others), cluster]));
  }

  /** Envoy has this cluster from an earlier stream. Whether it was warm by then, its next answer tells. */
  clusterAdopted(cluster: string, endpoints: string | undefined, now: number): void {
    this.clusterSent(cluster, ADOPTED, endpoints, now);
    if (this.#answered) this.clusterAcknowledged(cluster, ADOPTED);
    else this.#adopted.push(cluster);
  }

  /** Envoy answered something about clusters, so those that it had before are warm. */
  clustersAnswered(): void {
    this.#answered = true;
    for (const cluster of this.#adopted.splice(0)) this.clusterAcknowledged(cluster, ADOPTED);
  }

  clusterAcknowledged(cluster: string, sequence: number): void {
    this.#replace(cluster, (version) => acknowledge(version, sequence));
  }

  /** Envoy will not have this version, and keeps the one before. */
  clusterRefused(cluster: string, sequence: number): void {
    this.#replace(cluster, (version) => withdraw(version, sequence));
  }

  clusterRemoved(cluster: string): void {
    this.#stopWarming(cluster);
    this.#warm.delete(cluster);
  }

  /** Envoy has these from an earlier stream. */
  endpointsAdopted(endpoints: string): void {
    this.endpointsAcknowledged(endpoints, ADOPTED);
  }

  /** Whether a cluster that was sent on this stream is not warm for want of these endpoints. */
  awaits(endpoints: string): boolean {
    const versions = listOf(this.#byEndpoints.get(endpoints)).map((cluster) => this.#warming.get(cluster));
    return versions.some(
      (version) => version !== undefined && version.sequence > ADOPTED && !this.#hasEndpoints(version),
    );
  }

  /** Also for endpoints that do not exist or were refused: Envoy no longer waits for those either. */
  endpointsAcknowledged(endpoints: string, sequence: number): void {
    this.#acknowledged.set(endpoints, true);
    const clusters = this.#byEndpoints.get(endpoints);
    if (clusters === undefined) return;
    this.#lastAcknowledged.set(endpoints, sequence);
    if (typeof clusters === "string") this.#decide(clusters);
    else for (const cluster of clusters) this.#decide(cluster);
  }

  endpointsForgotten(endpoints: string): void {
    this.#acknowledged.delete(endpoints);
    this.#lastAcknowledged.delete(endpoints);
  }

  /** Ends the wait for acknowledgements that are overdue. */
  expire(now: number): void {
    for (const [cluster, version] of this.#warming) {
      if (version.sentAt + this.#patience > now) return;
      if (version.endpoints !== undefined && this.#hasEndpoints(version))
        this.clusterAcknowledged(cluster, version.sequence);
    }
  }

  /** When {@link expire} has something more to do, if ever. */
  nextExpiry(now: number): number | undefined {
    for (const version of this.#warming.values()) {
      const due = version.sentAt + this.#patience;
      if (due > now) return due;
    }
    return undefined;
  }

  #hasEndpoints({ endpoints, sequence }: Version, before = Number.POSITIVE_INFINITY): boolean {
    if (endpoints === undefined) return true;
    // Those that came before any cluster that warms now came before it was sent.
    const earlier = this.#acknowledged.has(endpoints) ? ADOPTED : -1;
    const acknowledged = this.#lastAcknowledged.get(endpoints) ?? earlier;
    return acknowledged >= sequence && acknowledged < before;
  }

  #replace(cluster: string, by: (version: Version) => Version | undefined): void {
    const version = this.#warming.get(cluster);
    if (version === undefined) return;
    const replacement = by(version);
    if (replacement === undefined) {
      this.#stopWarming(cluster);
      return;
    }
    this.#warming.set(cluster, replacement);
    this.#decide(cluster);
  }

  #decide(cluster: string): void {
    const latest = this.#warming.get(cluster);
    if (latest === undefined) return;
    // An older version is warm if its endpoints came before the newer one took its place in Envoy.
    let replacedAt: number | undefined;
    for (let version: Version | undefined = latest; version !== undefined; version = version.previous) {
      if (version.acknowledged && this.#hasEndpoints(version, replacedAt)) {
        if (version === latest) this.#stopWarming(cluster);
        if (!this.#warm.has(cluster)) {
          this.#warm.set(cluster, true);
          this.#onWarm(cluster);
        }
        return;
      }
      replacedAt = version.sequence;
    }
  }

  #stopWarming(cluster: string): void {
    const latest = this.#warming.get(cluster);
    this.#warming.delete(cluster);
    for (let version = latest; version !== undefined; version = version.previous) {
      if (version.endpoints === undefined) continue;
      const clusters = this.#byEndpoints.get(version.endpoints);
      if (clusters !== undefined && clusters !== cluster) {
        const others = listOf(clusters).filter((other) => other !== cluster);
        if (others.length > 0) {
          this.#byEndpoints.set(version.endpoints, new Set(others));
          continue;
        }
      }
      this.#byEndpoints.delete(version.endpoints);
      this.#lastAcknowledged.delete(version.endpoints);
    }
  }
}

function listOf(names: string | ReadonlySet<string> | undefined): readonly string[] {
  if (names === undefined) return [];
  return typeof names === "string" ? [names] : [...names];
}

/** The versions, of which the one with this sequence is acknowledged; those before it no longer matter. */
function acknowledge(version: Version, sequence: number): Version {
  if (version.sequence === sequence) return { ...version, acknowledged: true, previous: undefined };
  return version.previous === undefined ? version : { ...version, previous: acknowledge(version.previous, sequence) };
}

/** The versions without the one with this sequence, and without those before it that were refused as well. */
function withdraw(version: Version, sequence: number): Version | undefined {
  const previous = version.previous && withdraw(version.previous, sequence);
  // Answers come in order: what is older and not acknowledged was refused.
  return version.sequence <= sequence && !version.acknowledged ? previous : { ...version, previous };
}

/** Of any resource: that there is one. */
function present(): true {
  return true;
}
