import type { Graph } from "../collections/graph.ts";
import { controllerName } from "../gateway/class.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { OutdatedWriter } from "./outdated-writer.ts";
import type { WorkQueueOptions } from "./work-queue.ts";

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
export function createClassFinalizer({
  client,
  graph,
  resources,
  resource: resourceNow,
  failed,
}: ClassFinalizerOptions): OutdatedWriter<boolean> {
  const users = graph.count("gatewaysByClass", resources.Gateway, ({ spec }) => [spec.gatewayClassName]);
  /** Classes whose finalizers are not as they are to be: whether they are to have ours. */
  const outdated = graph.derive("outdatedClassFinalizers", resources.GatewayClass, (object, key, { fetch }) => {
    const { finalizers = [], deletionTimestamp } = object.metadata;
    if (object.spec.controllerName !== controllerName) return undefined;
    const used = (fetch(users, key) ?? 0) > 0;
    if (finalizers.includes(classFinalizer) === used) return undefined;
    // An object that is being deleted is given no finalizers any more.
    return used && deletionTimestamp !== undefined ? undefined : used;
  });
  const write = async (name: string, wanted: boolean): Promise<void> => {
    const resource = resourceNow();
    if (resource === undefined) return;
    const live = await client.get(resource, { name }, { metadataOnly: true });
    if (live === undefined) return;
    const { finalizers = [], resourceVersion } = live.metadata;
    const others = finalizers.filter((finalizer) => finalizer !== classFinalizer);
    // Somebody else's may come meanwhile: then it is a conflict, and looked at anew.
    const metadata = { resourceVersion, finalizers: wanted ? [...others, classFinalizer] : others };
    await client.mergePatch(resource, { name }, { metadata });
  };
  return new OutdatedWriter({ outdated, write, failed, concurrency: 1 });
}
