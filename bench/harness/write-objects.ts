import { isReason } from "../../src/kubernetes/api-error.ts";
import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import type { KubernetesClient } from "../../src/kubernetes/client.ts";
import { resourceFor } from "./api-resources.ts";
import { inParallel } from "./in-parallel.ts";

/** How many requests are under way: more make an API server with two processors no faster. */
const atOnce = 16;

/** Makes objects as fast as the API server takes them. What is there already stays as it is. */
export async function createObjects(client: KubernetesClient, objects: Iterable<ApiObject>): Promise<void> {
  await inParallel(objects, atOnce, async (object) => {
    try {
      await client.create(resourceFor(object), object);
    } catch (error) {
      if (!isReason(error, "AlreadyExists")) throw error;
    }
  });
}

/** Deletes objects, named as they were made, as fast as the API server takes it. */
export async function deleteObjects(client: KubernetesClient, objects: Iterable<ApiObject>): Promise<void> {
  await inParallel(objects, atOnce, (object) => client.delete(resourceFor(object), object.metadata));
}

/** Sets the status of an object. */
export async function writeStatus(client: KubernetesClient, object: ApiObject, status: object): Promise<void> {
  await client.mergePatch(resourceFor(object), object.metadata, { status }, { subresource: "status" });
}
