import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { field, list } from "../../src/resources/field.ts";

/** Whether a parent has accepted the route. */
export function isAccepted({ status }: ApiObject): boolean {
  return list(field(status, "parents"))
    .flatMap((parent) => list(field(parent, "conditions")))
    .some((condition) => field(condition, "type") === "Accepted" && field(condition, "status") === "True");
}
