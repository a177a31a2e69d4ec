import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { field, list } from "../../../src/resources/field.ts";

/** Addresses of an EndpointSlice's endpoints that are ready. */
export function addressesOf(slice: ApiObject): ReadonlySet<string> {
  return new Set(
    list(slice["endpoints"])
      .filter((endpoint) => field(endpoint, "conditions", "ready") !== false)
      .flatMap((endpoint) => list(field(endpoint, "addresses")).map(String)),
  );
}
