import type { Collection, Member } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Resources } from "../gateway/inputs.ts";
import { selectorKey, selectorLabel } from "../gateway/selector-service.ts";
import type { Semantics } from "../gateway/semantics.ts";
import {
  type Selection,
  selectionOf,
  selectionPatch,
  selectorService,
  selects,
} from "../infrastructure/selector-service.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Service } from "../resources/generated/core.ts";
import { OutdatedWriter } from "./outdated-writer.ts";
import { ownedResources } from "./owned-objects.ts";
import type { WorkQueueOptions } from "./work-queue.ts";

export interface SelectorServicesOptions {
  readonly client: Pick<KubernetesClient, "list" | "create" | "mergePatch" | "delete">;
  readonly graph: Graph;
  readonly resources: Pick<Resources, "XBackend">;
  readonly semantics: Pick<Semantics, "ancestors" | "selectorServices">;
  readonly failed: WorkQueueOptions["failed"];
}

/** An XBackend whose Service is missing, or not as it is to be. */
export interface Outdated {
  /** Absent where there is to be none. */
  readonly selection?: Selection;
  readonly services: readonly Member<Service>[];
}

/**
 * Gives XBackends of type EndpointSelector the Services by which Kubernetes finds their endpoints (GEP-4894, "Stop-Gap: Service
 * Backing"): to those alone that a Gateway of ours sends to. They go with their XBackend, or when nobody sends to it any more.
 */
export function createSelectorServices({
  client,
  graph,
  resources,
  semantics,
  failed,
}: SelectorServicesOptions): OutdatedWriter<Outdated> {
  const outdated: Collection<Outdated> = graph.derive(
    "outdatedSelectorServices",
    resources.XBackend,
    (xBackend, key, { fetch }) => {
      const { namespace = "default", uid, deletionTimestamp } = xBackend.metadata;
      // Kubernetes collects what belongs to an object that goes away.
      if (uid === undefined || deletionTimestamp !== undefined) return undefined;
      const used = (fetch(semantics.ancestors.XBackend, key) ?? []).length > 0;
      const selection = used ? selectionOf(xBackend) : undefined;
      const services = fetch(semantics.selectorServices, selectorKey(namespace, uid)) ?? [];
      if (selection === undefined) return services.length === 0 ? undefined : { services };
      const [first, ...more] = services;
      const right = first !== undefined && more.length === 0 && selects(first.value, selection);
      return right ? undefined : { selection, services };
    },
  );
  const write = async (key: string, { selection, services }: Outdated): Promise<void> => {
    const xBackend = resources.XBackend.get(key);
    if (xBackend === undefined) return;
    const [first, ...more] = services;
    const [kept, superfluous] = selection === undefined ? [undefined, services] : [first, more];
    for (const { value } of superfluous) {
      await client.delete(ownedResources.Service, value.metadata, { ...uidOf(value) });
    }
    if (selection === undefined) return;
    if (kept !== undefined) {
      if (selects(kept.value, selection)) return;
      await client.mergePatch(ownedResources.Service, kept.value.metadata, selectionPatch(kept.value, selection));
      return;
    }
    const { namespace = "default", uid = "" } = xBackend.metadata;
    // A watch is behind by milliseconds, and a second Service would be made.
    for await (const { items } of client.list(ownedResources.Service, {
      namespace,
      labelSelector: `${selectorLabel}=${uid}`,
    })) {
      if (items.length > 0) return;
    }
    await client.create(ownedResources.Service, { ...selectorService(xBackend, selection) });
  };
  return new OutdatedWriter({ outdated, write, failed, concurrency: 4 });
}

function uidOf({ metadata: { uid } }: Service): { readonly uid?: string } {
  return uid === undefined ? {} : { uid };
}
