import type { Collection } from "../../collections/collection.ts";
import type { EnvoyResource } from "../../envoy/resource.ts";
import type { Delivery } from "../delivery.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION, SECRET } from "../type-url.ts";
import { FakeStream, type Received } from "./fake-stream.ts";

const wildcards = [CLUSTER, SCOPED_ROUTE_CONFIGURATION, LISTENER];

export interface PlayedEnvoyOptions {
  /** As the control plane has them: it knows of each cluster which endpoints it asks for. */
  readonly resources: Collection<EnvoyResource>;
  readonly proxy: string;
  /** Whether a response is refused; none is if absent. */
  readonly refuses?: (response: Received) => boolean;
}

/** Plays Envoy: subscribes to what clusters and listeners name, and acknowledges what it doesn't refuse. */
export class PlayedEnvoy {
  readonly #options: PlayedEnvoyOptions;
  #secrets = new Set<string>();
  #stream: FakeStream;

  constructor(delivery: Delivery, options: PlayedEnvoyOptions) {
    this.#options = options;
    this.#stream = this.#connect(delivery);
  }

  reconnect(delivery: Delivery): void {
    this.#stream.close("reconnects");
    this.#stream = this.#connect(delivery);
  }

  /** Answers everything that came since the last call, and what comes of the answers. */
  answer(): void {
    for (let received = this.#stream.take(); received.length > 0; received = this.#stream.take())
      for (const response of received) this.#answerOne(response);
  }

  #connect(delivery: Delivery): FakeStream {
    const stream = new FakeStream(delivery, this.#options.proxy);
    this.#secrets.clear();
    for (const typeUrl of wildcards) stream.request(typeUrl);
    return stream;
  }

  #answerOne(response: Received): void {
    const { refuses = () => false } = this.#options;
    if (refuses(response)) {
      this.#stream.nack(response, "no good");
      return;
    }
    this.#stream.ack(response);
    if (response.typeUrl === CLUSTER || response.typeUrl === LISTENER) this.#askForSecrets();
    if (response.typeUrl !== CLUSTER) return;
    const names = response.resources.flatMap(({ name }) => this.#cluster(name)?.endpoints ?? []);
    this.#stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: names });
    for (const name of response.removed)
      this.#stream.request(CLUSTER_LOAD_ASSIGNMENT, { unsubscribe: [name.replace(/\/[^/]*$/, "")] });
  }

  /** Follows all that there are, as if listeners and clusters named each of them. */
  #askForSecrets(): void {
    const { proxy, resources } = this.#options;
    const names = [...resources.entries()].flatMap(([key, { name }]) =>
      key.startsWith(`${proxy}|${SECRET}|`) ? [name] : [],
    );
    const subscribe = names.filter((name) => !this.#secrets.has(name));
    const unsubscribe = [...this.#secrets].filter((name) => !names.includes(name));
    this.#secrets = new Set(names);
    if (subscribe.length + unsubscribe.length > 0) this.#stream.request(SECRET, { subscribe, unsubscribe });
  }

  #cluster(name: string): EnvoyResource | undefined {
    return this.#options.resources.get(`${this.#options.proxy}|${CLUSTER}|${name}`);
  }
}
