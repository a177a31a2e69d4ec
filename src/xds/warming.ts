import type { EnvoyResource } from "../envoy/resource.ts";
import type { Batch } from "./batch.ts";
import { Overlay } from "./overlay.ts";
import type { ProxyResources } from "./resource-index.ts";
import { SentClusters } from "./sent-clusters.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT } from "./type-url.ts";

/** Sequence of what came before the stream's first response. */
const ADOPTED = 0;

/** A set, or the keys of a map. */
interface Names {
  keys(): Iterable<string>;
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
  /** In the order of sending, as long as any of their clusters is not warm in the version that they brought. */
  #sent: readonly SentClusters[] = none;
  #answered = false;
  /** Endpoints that were acknowledged at all. */
  readonly #acknowledged: Overlay<EnvoyResource, true>;

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
  *names(): Iterable<string> {
    for (const sent of this.#sent)
      for (const { name } of sent.left()) if (this.#sent.findLast((one) => one.has(name)) === sent) yield name;
  }

  clustersSent(batch: Batch, sequence: number, now: number): void {
    if (batch.resources < batch.entries.size) {
      for (const [name, cluster] of batch.entries) if (cluster === undefined) this.#removed(name);
    }
    if (batch.resources > 0) this.#sent = [...this.#sent, new SentClusters(batch.clusters, sequence, now)];
  }

  /** Envoy has these clusters from an earlier stream. Whether they were warm by then, its next answer tells. */
  clustersAdopted(batch: Batch, now: number): void {
    const adopted = new SentClusters(batch.clusters, ADOPTED, now);
    for (const { name, endpoints } of batch.clusters.all)
      if (endpoints !== undefined && this.#acknowledged.has(endpoints)) adopted.came(name);
    this.#sent = [...this.#sent, adopted];
    if (this.#answered) this.#accepted(adopted);
  }

  /** Envoy answered something about clusters, so those that it had before are warm. */
  clustersAnswered(): void {
    this.#answered = true;
    for (const sent of this.#sent) if (sent.sequence === ADOPTED && !sent.acknowledged) this.#accepted(sent);
  }

  clustersAcknowledged(sequence: number): void {
    const sent = this.#find(sequence);
    if (sent !== undefined) this.#accepted(sent);
  }

  /** Envoy will not have these versions, and keeps those before. */
  clustersRefused(sequence: number): void {
    const refused = this.#find(sequence);
    if (refused === undefined) return;
    this.#sent = this.#sent.filter((sent) => sent !== refused);
    for (const sent of this.#sent)
      for (const [name, came] of sent.hidden()) if (!this.#isNewer(sent, name, came)) this.#came(sent, name);
    this.#forgetOver();
  }

  /** Envoy has these from an earlier stream. */
  endpointsAdopted(endpoints: Names): void {
    this.endpointsAcknowledged(endpoints, ADOPTED);
  }

  /**
   * Endpoints for want of which clusters that were sent on this stream are not warm; also in a version after which another was sent,
   * since Envoy may refuse that one.
   */
  *awaited(): Iterable<string> {
    for (const sent of this.#sent) {
      if (sent.sequence === ADOPTED) continue;
      for (const { name, endpoints } of sent.left())
        if (endpoints !== undefined && sent.awaitsEndpoints(name)) yield endpoints;
    }
  }

  /** Also for endpoints that do not exist or were refused: Envoy no longer waits for those either. */
  endpointsAcknowledged(endpoints: Names, sequence: number): void {
    if (this.#acknowledged.size === 0) this.#acknowledged.setAll(members(endpoints.keys()));
    else for (const name of endpoints.keys()) this.#acknowledged.set(name, true);
    // Those that came before a cluster did not come for it.
    const before = this.#sent.filter((sent) => sent.sequence <= sequence);
    if (before.length === 0) return;
    for (const name of endpoints.keys()) {
      for (const sent of before) {
        for (const cluster of sent.index.servedBy(name)) {
          if (!sent.awaitsEndpoints(cluster)) continue;
          if (this.#isNewer(sent, cluster, sequence)) sent.cameHidden(cluster, sequence);
          else this.#came(sent, cluster);
        }
      }
    }
    this.#forgetOver();
  }

  endpointsForgotten(endpoints: string): void {
    this.#acknowledged.delete(endpoints);
    for (const sent of this.#sent) for (const cluster of sent.index.servedBy(endpoints)) sent.went(cluster);
  }

  /**
   * Ends the wait for acknowledgements that are overdue. Not of clusters from an earlier stream: their endpoints, which are from there,
   * too, may have come before them, and then Envoy takes 15 s (EDS `initial_fetch_timeout`) until they are warm, and answers.
   */
  expire(now: number): void {
    for (const sent of this.#sent) {
      if (!this.#expires(sent) || sent.overdue || sent.sentAt + this.#patience > now) continue;
      sent.overdue = true;
      for (const cluster of sent.warm()) this.#warmed(sent, cluster);
    }
    this.#forgetOver();
  }

  /** When {@link expire} has something more to do, if ever. */
  nextExpiry(now: number): number | undefined {
    for (const sent of this.#sent) {
      const due = sent.sentAt + this.#patience;
      if (this.#expires(sent) && due > now) return due;
    }
    return undefined;
  }

  #expires({ acknowledged, sequence }: SentClusters): boolean {
    return !acknowledged && sequence !== ADOPTED;
  }

  #find(sequence: number): SentClusters | undefined {
    return this.#sent.find((sent) => sent.sequence === sequence);
  }

  /** Whether another version of a cluster was sent after this one, up to a response. */
  #isNewer(sent: SentClusters, cluster: string, upTo: number): boolean {
    const last = this.#sent.findLast((one) => one.sequence <= upTo && one.has(cluster));
    return last !== undefined && last !== sent;
  }

  #accepted(sent: SentClusters): void {
    sent.acknowledged = true;
    const older = this.#sent.slice(0, this.#sent.indexOf(sent));
    if (older.length > 0) for (const { name } of sent.index.all) for (const one of older) one.finish(name);
    if (this.#warm.size > 0) for (const cluster of sent.warm()) this.#warmed(sent, cluster);
    else {
      this.#warm.setAll(members(sent.warm()));
      for (const cluster of sent.warm()) {
        sent.finish(cluster);
        this.#onWarm(cluster);
      }
    }
    this.#forgetOver();
  }

  #came(sent: SentClusters, cluster: string): void {
    sent.came(cluster);
    if (sent.isWarm(cluster)) this.#warmed(sent, cluster);
  }

  #warmed(sent: SentClusters, cluster: string): void {
    for (const one of this.#sent) {
      one.finish(cluster);
      if (one === sent) break;
    }
    if (this.#warm.has(cluster)) return;
    this.#warm.set(cluster, true);
    this.#onWarm(cluster);
  }

  #removed(cluster: string): void {
    for (const sent of this.#sent) sent.finish(cluster);
    this.#forgetOver();
    this.#warm.delete(cluster);
  }

  #forgetOver(): void {
    if (this.#sent.some((sent) => sent.isOver)) this.#sent = this.#sent.filter((sent) => !sent.isOver);
  }
}

/** An empty array for each stream would take memory, too. */
const none: readonly SentClusters[] = [];

function* members(names: Iterable<string>): Iterable<readonly [string, true]> {
  for (const name of names) yield [name, true];
}

/** Of any resource: that there is one. */
function present(): true {
  return true;
}
