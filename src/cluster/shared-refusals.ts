import { isDeepStrictEqual } from "node:util";
import type { Collection, Input } from "../collections/collection.ts";
import type { Logger } from "../fleet/logger.ts";
import { managedBy } from "../infrastructure/names.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { Reflector } from "../kubernetes/reflector.ts";
import type { Refusal } from "../status/refusal.ts";
import { ownedResources } from "./owned-objects.ts";
import { WorkQueue } from "./work-queue.ts";

export interface SharedRefusalsOptions {
  readonly client: Pick<KubernetesClient, "apply" | "delete" | "list" | "watch">;
  /** Ours. */
  readonly namespace: string;
  /** Who we are among replicas. */
  readonly identity: string;
  /** UID of the pod that we are, if we are one: what we share goes with it. */
  readonly podUid?: string;
  /** What Envoys refuse that are connected to us. */
  readonly own: Collection<Refusal>;
  /** What Envoys of all replicas refuse: written here, and nowhere else. */
  readonly all: Input<Refusal>;
  readonly logger: Pick<Logger, "warn">;
}

const label = "gatewright.dev/refusals";
const dataKey = "refusals.json";
/** An object has room for a mebibyte. Refusals beyond that are told by our log and metrics alone. */
const mostCharacters = 500_000;

/**
 * What Envoys refuse, known to every replica of the controller: an Envoy is connected to one of them, and another one may be the leader,
 * which writes status.
 *
 * Each replica keeps what its Envoys refuse in a ConfigMap of its own, as long as there is anything, and follows those of the others.
 * Two that are told the same of a resource say it once.
 */
export class SharedRefusals {
  readonly #options: SharedRefusalsOptions;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  /** Of the others, by the key of their ConfigMap. */
  readonly #others = new Map<string, ReadonlyMap<string, Refusal>>();
  readonly #name: string;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: SharedRefusalsOptions) {
    const { client, namespace, identity, own, logger } = options;
    this.#options = options;
    this.#name = `gatewright-refusals-${identity}`;
    this.#queue = new WorkQueue({
      work: () => this.#share(),
      failed: ({ error, delayMs }) =>
        logger.warn({ error: String(error), delayMs }, "what Envoys refuse could not be told to other replicas"),
      concurrency: 1,
      settleMs: 100,
    });
    this.#queue.resume();
    this.#unsubscribe = own.subscribe((changes) => {
      this.#merge(changes.map(({ key }) => key));
      this.#queue.add(this.#name);
    });
    const reflector = new Reflector({
      client,
      resource: ownedResources.ConfigMap,
      namespace,
      labelSelector: label,
      apply: (changes) => {
        for (const { key, object } of changes) this.#take(key, object);
      },
      failed: ({ error, delayMs }) =>
        logger.warn({ error: String(error), delayMs }, "what Envoys of other replicas refuse can't be read now"),
    });
    this.#ended = reflector.run(this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#queue.close();
    this.#stop.abort();
    await this.#ended;
  }

  #take(key: string, object: ApiObject | undefined): void {
    if (key === `${this.#options.namespace}/${this.#name}`) {
      // Of a former process of this pod.
      if (object !== undefined && !isDeepStrictEqual(object["data"], this.#data())) this.#queue.add(this.#name);
      return;
    }
    const before = this.#others.get(key) ?? new Map<string, Refusal>();
    const after = refusalsIn(object);
    if (after.size === 0) this.#others.delete(key);
    else this.#others.set(key, after);
    this.#merge(new Set([...before.keys(), ...after.keys()]));
  }

  #merge(keys: Iterable<string>): void {
    const { own, all } = this.#options;
    for (const key of keys) {
      const refusal = own.get(key) ?? [...this.#others.values()].find((others) => others.has(key))?.get(key);
      if (refusal === undefined) all.delete(key);
      else all.set(key, refusal);
    }
  }

  #data(): Readonly<Record<string, string>> {
    let characters = 0;
    const entries = [...this.#options.own.entries()].filter((entry) => {
      characters += JSON.stringify(entry).length;
      return characters <= mostCharacters;
    });
    return { [dataKey]: JSON.stringify(Object.fromEntries(entries)) };
  }

  async #share(): Promise<void> {
    const { client, namespace, identity, podUid, own } = this.#options;
    const name = this.#name;
    if ([...own.entries()].length === 0) {
      await client.delete(ownedResources.ConfigMap, { namespace, name });
      return;
    }
    const owner = { apiVersion: "v1", kind: "Pod", name: identity, uid: podUid };
    const metadata = {
      name,
      namespace,
      labels: { ...managedBy, [label]: "" },
      ...(podUid === undefined ? {} : { ownerReferences: [owner] }),
    };
    const desired = { apiVersion: "v1", kind: "ConfigMap", metadata, data: this.#data() };
    await client.apply(ownedResources.ConfigMap, desired, { fieldManager: "gatewright", force: true });
  }
}

function refusalsIn(object: ApiObject | undefined): ReadonlyMap<string, Refusal> {
  const data = object?.["data"];
  const text =
    typeof data === "object" && data !== null ? new Map<string, unknown>(Object.entries(data)).get(dataKey) : "";
  if (typeof text !== "string" || text === "") return new Map();
  const refusals: Readonly<Record<string, Refusal>> = JSON.parse(text);
  return new Map(Object.entries(refusals));
}
