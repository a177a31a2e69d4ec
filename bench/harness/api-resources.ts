import { ownedResources } from "../../src/cluster/owned-objects.ts";
import { type ApiObject, type ApiResource, resourceOf } from "../../src/kubernetes/api-object.ts";
import { kindOf, splitApiVersion } from "../../src/resources/kinds.ts";

const others: Readonly<Record<string, ApiResource>> = {
  Lease: { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true },
  Node: { group: "", version: "v1", kind: "Node", plural: "nodes", namespaced: false },
  Pod: { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true },
  ...ownedResources,
};

/**
 * Where the API server serves an object.
 *
 * @throws Error for a kind that no benchmark writes
 */
export function resourceFor({ apiVersion, kind }: Pick<ApiObject, "apiVersion" | "kind">): ApiResource {
  const known = kindOf(apiVersion, kind);
  if (known !== undefined) return resourceOf(known, splitApiVersion(apiVersion).version);
  const resource = others[kind];
  if (resource === undefined) throw new Error(`benchmarks know no ${kind} of ${apiVersion}`);
  return resource;
}
