import { AccessError } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { type ApiObject, type ApiResource, pathOf } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Scrape } from "./facts.ts";
import { inParallel } from "./in-parallel.ts";

const pods: ApiResource = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true };

/** Beyond so many, one more answer says nothing new. */
const most = 200;
const answerMs = 10_000;

/** Asks pods for their metrics, through the API server: nothing has to be reachable from here but that. */
export async function scrape(
  client: Pick<KubernetesClient, "readText">,
  asked: readonly ApiObject[],
  port: number,
  path: string,
): Promise<readonly Scrape[]> {
  return await inParallel(asked.slice(0, most), async ({ metadata: { namespace = "", name } }): Promise<Scrape> => {
    const url = `${pathOf(pods, { namespace, name: `${name}:${port}`, subresource: "proxy" })}/${path}`;
    try {
      return { namespace, pod: name, metrics: await client.readText(url, { signal: AbortSignal.timeout(answerMs) }) };
    } catch (error) {
      if (error instanceof ApiError || error instanceof AccessError) {
        return { namespace, pod: name, problem: error.message };
      }
      if (error instanceof Error && error.name === "TimeoutError") {
        return { namespace, pod: name, problem: `nothing came for ${answerMs / 1000} s` };
      }
      throw error;
    }
  });
}
