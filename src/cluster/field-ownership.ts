import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list } from "../resources/field.ts";

/**
 * Whether a field of an object is an applier's (server-side apply, FieldsV1).
 *
 * @example ownsField(deployment, "gatewright", ["f:spec", "f:replicas"])
 */
export function ownsField({ metadata }: ApiObject, manager: string, path: readonly string[]): boolean {
  return list(metadata["managedFields"]).some(
    (entry) =>
      field(entry, "manager") === manager &&
      field(entry, "operation") === "Apply" &&
      field(entry, "fieldsV1", ...path) !== undefined,
  );
}
