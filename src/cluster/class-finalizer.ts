import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { controllerName } from "../gateway/class.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

/** The Gateway API's own name for it. */
export const classFinalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";

export interface ClassFinalizerOptions {
  readonly client: Pick<KubernetesClient, "get" | "mergePatch">;
  readonly graph: Graph;
  readonly resources: Pick<Resources, "Gateway" | "GatewayClass">;
  /** How GatewayClasses are served; undefined if they no longer are. */
  readonly resource: () => ApiResource | undefined;
  readonly failed: WorkQueueOptions["failed"];
}

/**
 * Keeps GatewayClasses of ours from going away while Gateways use them.
 *
 * Gateway API, GatewayClass: "Whenever one or more Gateways are using a GatewayClass, implementations SHOULD add the
 * `gateway-exists-finalizer.gateway.networking.k8s.io` finalizer on the associated GatewayClass." A class that is deleted
 * nevertheless goes with its last Gateway.
 */
export class ClassFinalizer {
  readonly #options: ClassFinalizerOptions;
  readonly #queue: WorkQueue;
  /** Classes whose finalizers are not as they are to be: whether they are to have ours. */
  readonly #outdated: Collection<boolean>;
  readonly #unsubscribe: () => void;

  constructor(options: ClassFinalizerOptions) {
    const { graph, resources, failed } = options;
    this.#options = options;
    this.#queue = new WorkQueue({ work: (key) => this.#write(key), failed, concurrency: 1, settleMs: 20 });
    const users = graph.count("gatewaysByClass", resources.Gateway, ({ spec }) => [spec.gatewayClassName]);
    this.#outdated = graph.derive("outdatedClassFinalizers", resources.GatewayClass, (object, key, { fetch }) => {
      const { finalizers = [], deletionTimestamp } = object.metadata;
      if (object.spec.controllerName !== controllerName) return undefined;
      const used = (fetch(users, key) ?? 0) > 0;
      if (finalizers.includes(classFinalizer) === used) return undefined;
      // An object that is being deleted is given no finalizers any more.
      return used && deletionTimestamp !== undefined ? undefined : used;
    });
    this.#unsubscribe = this.#outdated.subscribe((changes) => {
      for (const { key } of changes) this.#queue.add(key);
    });
  }

  /** We are the leader: looks at everything once, then at what changes. */
  start(): void {
    for (const [key] of this.#outdated.entries()) this.#queue.add(key);
    this.#queue.resume();
  }

  stop(): void {
    this.#queue.pause();
  }

  /** Resolves when nothing is left to be written. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  async #write(name: string): Promise<void> {
    const resource = this.#options.resource();
    const wanted = this.#outdated.get(name);
    if (resource === undefined || wanted === undefined) return;
    const live = await this.#options.client.get(resource, { name }, { metadataOnly: true });
    if (live === undefined) return;
    const { finalizers = [], resourceVersion } = live.metadata;
    const others = finalizers.filter((finalizer) => finalizer !== classFinalizer);
    // Somebody else's may come meanwhile: then it is a conflict, and looked at anew.
    const metadata = { resourceVersion, finalizers: wanted ? [...others, classFinalizer] : others };
    await this.#options.client.mergePatch(resource, { name }, { metadata });
  }
}
