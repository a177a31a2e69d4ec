import type { EnvoyResource } from "../envoy/resource.ts";
import type { ClusterIndex } from "./cluster-index.ts";

/** It waits for its endpoints; they came, or it has none; nothing depends on it any more. */
const AWAITS = 0;
const READY = 1;
const OVER = 2;

/**
 * How far the clusters of one response are in one Envoy: a byte for each, however many there are. An Envoy that starts gets all in one.
 */
export class SentClusters {
  /** Number of the response that carried them. */
  readonly sequence: number;
  readonly sentAt: number;
  readonly index: ClusterIndex;
  acknowledged = false;
  /** It took too long to acknowledge them: their endpoints alone decide. */
  overdue = false;
  readonly #stages: Uint8Array;
  #left: number;
  /** Cluster → the response with its endpoints that came first while Envoy had been sent another version of it; mostly there is none. */
  #hidden: Map<string, number> | undefined;

  constructor(index: ClusterIndex, sequence: number, sentAt: number) {
    this.index = index;
    this.sequence = sequence;
    this.sentAt = sentAt;
    this.#stages = new Uint8Array(index.size);
    this.#left = index.size;
    let place = 0;
    for (const { endpoints } of index.all) {
      if (endpoints === undefined) this.#stages[place] = READY;
      place += 1;
    }
  }

  /** Whether there is none that still matters. */
  get isOver(): boolean {
    return this.#left === 0;
  }

  /** Whether it brought a cluster, and that still matters. */
  has(cluster: string): boolean {
    const stage = this.#stageOf(cluster);
    return stage !== undefined && stage !== OVER;
  }

  awaitsEndpoints(cluster: string): boolean {
    return this.#stageOf(cluster) === AWAITS;
  }

  /** Its endpoints came. */
  came(cluster: string): void {
    if (this.awaitsEndpoints(cluster)) this.#set(cluster, READY);
  }

  /** Its endpoints came for another version, which was sent later. If Envoy refuses that one, they have come for this one. */
  cameHidden(cluster: string, sequence: number): void {
    if (!this.awaitsEndpoints(cluster) || this.#hidden?.has(cluster) === true) return;
    this.#hidden ??= new Map();
    this.#hidden.set(cluster, sequence);
  }

  /** Clusters whose endpoints came for a later version, and with which response. */
  hidden(): readonly (readonly [cluster: string, sequence: number])[] {
    return this.#hidden === undefined ? [] : [...this.#hidden];
  }

  /** Its endpoints are gone. */
  went(cluster: string): void {
    this.#hidden?.delete(cluster);
    if (this.#stageOf(cluster) === READY) this.#set(cluster, AWAITS);
  }

  finish(cluster: string): void {
    if (!this.has(cluster)) return;
    this.#set(cluster, OVER);
    this.#left -= 1;
  }

  /** Whether Envoy serves it, by what it has acknowledged and what came. */
  isWarm(cluster: string): boolean {
    const place = this.index.placeOf(cluster);
    return place !== undefined && this.#isWarmAt(place);
  }

  *warm(): Iterable<string> {
    for (const [place, { name }] of this.index.all.entries()) if (this.#isWarmAt(place)) yield name;
  }

  /** Those that are not over. */
  *left(): Iterable<EnvoyResource> {
    if (this.#left === 0) return;
    for (const [place, cluster] of this.index.all.entries()) if (this.#stages[place] !== OVER) yield cluster;
  }

  #isWarmAt(place: number): boolean {
    if (this.#stages[place] !== READY) return false;
    return this.acknowledged || (this.overdue && this.index.at(place)?.endpoints !== undefined);
  }

  #stageOf(cluster: string): number | undefined {
    const place = this.index.placeOf(cluster);
    return place === undefined ? undefined : this.#stages[place];
  }

  #set(cluster: string, stage: number): void {
    const place = this.index.placeOf(cluster);
    if (place !== undefined) this.#stages[place] = stage;
    this.#hidden?.delete(cluster);
  }
}
