interface WarmingCluster {
  /** Number of the response that carried it. */
  readonly sequence: number;
  readonly endpoints: string | undefined;
  readonly sentAt: number;
  acknowledged: boolean;
}

/** Sequence of what came before the stream's first response. */
const ADOPTED = 0;

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
  readonly #warm = new Set<string>();
  readonly #warming = new Map<string, WarmingCluster>();
  readonly #adopted: string[] = [];
  readonly #byEndpoints = new Map<string, Set<string>>();
  /** Number of the last response with these endpoints that was acknowledged. */
  readonly #endpoints = new Map<string, number>();

  constructor(patience: number, onWarm: (cluster: string) => void) {
    this.#patience = patience;
    this.#onWarm = onWarm;
  }

  isWarm(cluster: string): boolean {
    return this.#warm.has(cluster);
  }

  /** How many clusters were sent and are not warm in their latest version. */
  get size(): number {
    return this.#warming.size;
  }

  clusterSent(cluster: string, sequence: number, endpoints: string | undefined, now: number): void {
    this.#stopWarming(cluster);
    this.#warming.set(cluster, { sequence, endpoints, sentAt: now, acknowledged: false });
    if (endpoints === undefined) return;
    const clusters = this.#byEndpoints.get(endpoints);
    if (clusters === undefined) this.#byEndpoints.set(endpoints, new Set([cluster]));
    else clusters.add(cluster);
  }

  /** Envoy has this cluster from an earlier stream. Whether it was warm by then, its next answer tells. */
  clusterAdopted(cluster: string, endpoints: string | undefined, now: number): void {
    this.clusterSent(cluster, ADOPTED, endpoints, now);
    this.#adopted.push(cluster);
  }

  /** Envoy answered something about clusters, so those that it had before are warm. */
  clustersAnswered(): void {
    for (const cluster of this.#adopted.splice(0)) this.clusterAcknowledged(cluster, ADOPTED);
  }

  clusterAcknowledged(cluster: string, sequence: number): void {
    const warming = this.#warming.get(cluster);
    if (warming === undefined || warming.sequence > sequence) return;
    warming.acknowledged = true;
    this.#decide(cluster, warming);
  }

  /** Envoy will not have this version. */
  clusterRefused(cluster: string, sequence: number): void {
    if (this.#warming.get(cluster)?.sequence === sequence) this.#stopWarming(cluster);
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
    const clusters = [...(this.#byEndpoints.get(endpoints) ?? [])].map((cluster) => this.#warming.get(cluster));
    return clusters.some(
      (cluster) => cluster !== undefined && cluster.sequence > ADOPTED && !this.#hasEndpoints(cluster),
    );
  }

  /** Also for endpoints that do not exist or were refused: Envoy no longer waits for those either. */
  endpointsAcknowledged(endpoints: string, sequence: number): void {
    this.#endpoints.set(endpoints, sequence);
    for (const cluster of this.#byEndpoints.get(endpoints) ?? []) {
      const warming = this.#warming.get(cluster);
      if (warming !== undefined) this.#decide(cluster, warming);
    }
  }

  endpointsForgotten(endpoints: string): void {
    this.#endpoints.delete(endpoints);
  }

  /** Ends the wait for acknowledgements that are overdue. */
  expire(now: number): void {
    for (const [cluster, warming] of this.#warming) {
      // In the order in which they were sent.
      if (warming.sentAt + this.#patience > now) return;
      if (warming.endpoints === undefined || !this.#hasEndpoints(warming)) continue;
      this.#decide(cluster, { ...warming, acknowledged: true });
    }
  }

  /** When {@link expire} has something to do next, if ever. */
  nextExpiry(now: number): number | undefined {
    for (const warming of this.#warming.values()) {
      const due = warming.sentAt + this.#patience;
      if (due > now) return due;
    }
    return undefined;
  }

  #hasEndpoints(warming: WarmingCluster): boolean {
    if (warming.endpoints === undefined) return true;
    return (this.#endpoints.get(warming.endpoints) ?? -1) >= warming.sequence;
  }

  #decide(cluster: string, warming: WarmingCluster): void {
    if (!warming.acknowledged || !this.#hasEndpoints(warming)) return;
    this.#stopWarming(cluster);
    if (this.#warm.has(cluster)) return;
    this.#warm.add(cluster);
    this.#onWarm(cluster);
  }

  #stopWarming(cluster: string): void {
    const warming = this.#warming.get(cluster);
    if (warming === undefined) return;
    this.#warming.delete(cluster);
    if (warming.endpoints === undefined) return;
    const clusters = this.#byEndpoints.get(warming.endpoints);
    clusters?.delete(cluster);
    if (clusters?.size === 0) this.#byEndpoints.delete(warming.endpoints);
  }
}
