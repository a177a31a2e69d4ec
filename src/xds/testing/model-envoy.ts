import { strict as assert } from "node:assert";
import type { Delivery } from "../delivery.ts";
import type { DeltaRequest } from "../protocol.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "../type-url.ts";
import { decode, type Received } from "./fake-stream.ts";
import { type Content, PROXY } from "./fixture.ts";

interface Item {
  readonly version: string;
  readonly content: Content;
}

type Items = Map<string, Item>;

/**
 * What of Envoy matters to an xDS server: subscriptions, warming, refusals and what they leave behind, the acknowledgement of
 * clusters that is kept back while one warms. Messages wait in two queues, which the test moves on in whatever order it likes.
 *
 * Throws when it holds something that names what is not there. Names that begin with "x" are exempt: those may be bad.
 */
export class ModelEnvoy {
  readonly clusters: Items = new Map();
  readonly warming: Items = new Map();
  readonly assignments: Items = new Map();
  readonly scopes: Items = new Map();
  readonly listeners: Items = new Map();
  /** Clusters of accepted responses: what Envoy tells of when it connects again. */
  readonly #told: Items = new Map();
  readonly #endpointNames = new Set<string>();
  #initialised = false;
  #inbox: Received[] = [];
  #outbox: DeltaRequest[] = [];
  #clusterAnswers: DeltaRequest[] = [];
  #stream: ReturnType<Delivery["open"]> | undefined;

  get idle(): boolean {
    return this.#inbox.length === 0 && this.#outbox.length === 0;
  }

  connect(delivery: Delivery): void {
    this.#stream = delivery.open(PROXY, {
      node: "model",
      write: (parts) => this.#inbox.push(decode(Buffer.concat(parts))) < 16,
    });
    this.#subscribe(CLUSTER, [], versions(this.#told));
    if (this.#endpointNames.size > 0)
      this.#subscribe(CLUSTER_LOAD_ASSIGNMENT, [...this.#endpointNames], versions(this.assignments));
    if (!this.#initialised) return;
    // Not in the order of a start: a server must not rely on that.
    this.#subscribe(LISTENER, [], versions(this.listeners));
    this.#subscribe(SCOPED_ROUTE_CONFIGURATION, [], versions(this.scopes));
  }

  /**
   * What Envoy took from a response that it refused as a whole, it would not tell of later, and no server could know. The model
   * undoes it, so that the properties hold for everything else.
   */
  disconnect(): void {
    for (const items of [this.clusters, this.warming]) {
      for (const name of items.keys()) {
        const told = this.#told.get(name);
        if (told === undefined) items.delete(name);
        else items.set(name, told);
      }
    }
    for (const [name, told] of this.#told) {
      if (this.clusters.has(name) || this.warming.has(name)) continue;
      this.warming.set(name, told);
      if (told.content.endpoints !== undefined) this.#endpointNames.add(told.content.endpoints);
    }
    this.#stream?.close("test");
    this.#stream = undefined;
    this.#inbox = [];
    this.#outbox = [];
    this.#clusterAnswers = [];
  }

  /** Envoy deals with the oldest response. */
  receive(): void {
    const response = this.#inbox.shift();
    if (response === undefined) return;
    const items = response.resources.map(({ name, version, value }) => {
      const content: Content = JSON.parse(value);
      return [name, { version, content }] as const;
    });
    if (response.typeUrl === CLUSTER) this.#receiveClusters(response, items);
    else if (response.typeUrl === CLUSTER_LOAD_ASSIGNMENT) this.#receiveAssignments(response, items);
    else if (response.typeUrl === SCOPED_ROUTE_CONFIGURATION) this.#receiveScopes(response, items);
    else this.#receiveListeners(response, items);
    this.#check();
  }

  /** The server gets the oldest request. */
  send(): void {
    const request = this.#outbox.shift();
    if (request !== undefined) this.#stream?.session.request(request);
  }

  /** Names of clusters without endpoints of their own are resolved. */
  resolve(): void {
    for (const [cluster, { content }] of this.warming) if (content.endpoints === undefined) this.#warm(cluster);
    this.#afterWarming();
  }

  /** The initial fetch timeout of endpoints is over: clusters take those that Envoy has, if any. */
  timeOut(): void {
    for (const cluster of this.warming.keys()) this.#warm(cluster);
    this.#afterWarming();
  }

  #receiveClusters(response: Received, items: readonly (readonly [string, Item])[]): void {
    for (const name of response.removed) {
      this.clusters.delete(name);
      this.warming.delete(name);
    }
    for (const [name, item] of items) {
      if (item.content.bad === true) continue;
      const present = this.warming.get(name) ?? this.clusters.get(name);
      if (present?.version === item.version) continue;
      this.warming.set(name, item);
    }
    if (!this.#refuses(response, items)) {
      for (const name of response.removed) this.#told.delete(name);
      for (const [name, item] of items) this.#told.set(name, item);
    }
    this.#followEndpoints();
    this.#clusterAnswers.push(this.#answer(response, items));
    // During its start, Envoy keeps nothing back.
    if (!this.#initialised) this.#outbox.push(...this.#clusterAnswers.splice(0));
    this.#afterWarming();
  }

  #receiveAssignments(response: Received, items: readonly (readonly [string, Item])[]): void {
    for (const [name, item] of items) if (this.#endpointNames.has(name)) this.assignments.set(name, item);
    const names = new Set([...response.resources.map(({ name }) => name), ...response.removed]);
    for (const [cluster, { content }] of this.warming)
      if (content.endpoints !== undefined && names.has(content.endpoints)) this.#warm(cluster);
    // Before the answer, as Envoy does: what follows from warm clusters is asked for first.
    this.#afterWarming();
    this.#outbox.push(this.#answer(response, items));
  }

  #receiveScopes(response: Received, items: readonly (readonly [string, Item])[]): void {
    for (const [name, { version }] of items)
      assert.notEqual(this.scopes.get(name)?.version, version, `scope ${name} was sent again though nothing changed`);
    if (!this.#refuses(response, items)) apply(this.scopes, response, items);
    this.#outbox.push(this.#answer(response, items));
  }

  #receiveListeners(response: Received, items: readonly (readonly [string, Item])[]): void {
    const good = items.filter(([, { content }]) => content.bad !== true);
    apply(this.listeners, response, good);
    this.#outbox.push(this.#answer(response, items));
  }

  #refuses(_response: Received, items: readonly (readonly [string, Item])[]): boolean {
    return items.some(([, { content }]) => content.bad === true);
  }

  #answer({ typeUrl, nonce }: Received, items: readonly (readonly [string, Item])[]): DeltaRequest {
    const bad = items.find(([, { content }]) => content.bad === true);
    return {
      typeUrl,
      nonce,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      ...(bad && { error: "something is bad" }),
    };
  }

  #warm(cluster: string): void {
    const item = this.warming.get(cluster);
    if (item === undefined) return;
    this.warming.delete(cluster);
    this.clusters.set(cluster, item);
  }

  #afterWarming(): void {
    if (this.warming.size > 0) return;
    this.#outbox.push(...this.#clusterAnswers.splice(0));
    this.#followEndpoints();
    if (this.#initialised) return;
    this.#initialised = true;
    // The listener of the bootstrap asks first.
    this.#subscribe(SCOPED_ROUTE_CONFIGURATION, [], versions(this.scopes));
    this.#subscribe(LISTENER, [], versions(this.listeners));
  }

  /** Delta xDS: only names that were not subscribed to are asked for, even if a new cluster warms on an old one. */
  #followEndpoints(): void {
    const wanted = new Set<string>();
    for (const { content } of [...this.clusters.values(), ...this.warming.values()])
      if (content.endpoints !== undefined) wanted.add(content.endpoints);
    const subscribe = [...wanted].filter((name) => !this.#endpointNames.has(name));
    const unsubscribe = [...this.#endpointNames].filter((name) => !wanted.has(name));
    if (subscribe.length === 0 && unsubscribe.length === 0) return;
    for (const name of subscribe) this.#endpointNames.add(name);
    for (const name of unsubscribe) {
      this.#endpointNames.delete(name);
      this.assignments.delete(name);
    }
    this.#outbox.push({ ...plain(CLUSTER_LOAD_ASSIGNMENT), subscribe, unsubscribe });
  }

  #subscribe(typeUrl: string, subscribe: readonly string[], initialVersions: ReadonlyMap<string, string>): void {
    this.#outbox.push({ ...plain(typeUrl), subscribe, initialVersions: new Map(initialVersions) });
  }

  #check(): void {
    for (const [kind, items] of [
      ["scope", this.scopes],
      ["listener", this.listeners],
    ] as const) {
      for (const [name, { content }] of items) {
        for (const cluster of content.clusters ?? [])
          assert.ok(
            this.clusters.has(cluster) || cluster.startsWith("x"),
            `${kind} ${name} names ${cluster}, not warm`,
          );
        for (const scope of content.scopes ?? [])
          assert.ok(this.scopes.has(scope) || scope.startsWith("x"), `${kind} ${name} names ${scope}, not there`);
      }
    }
  }
}

function plain(typeUrl: string): DeltaRequest {
  return { typeUrl, nonce: "", subscribe: [], unsubscribe: [], initialVersions: new Map() };
}

function versions(items: Items): ReadonlyMap<string, string> {
  return new Map([...items].map(([name, { version }]) => [name, version]));
}

function apply(target: Items, response: Received, items: readonly (readonly [string, Item])[]): void {
  for (const name of response.removed) target.delete(name);
  for (const [name, item] of items) target.set(name, item);
}
