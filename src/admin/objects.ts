import type { ControlPlane } from "../control-plane/control-plane.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";

/** An object as `get` shows it: with the status that Gatewright gives it, in place of any that was written in a file. */
export type ObjectWithStatus = KubernetesObject & { readonly status?: unknown };

export function objectsWithStatus(controlPlane: ControlPlane, kind: string | undefined): readonly ObjectWithStatus[] {
  return controlPlane
    .objects()
    .filter((object) => kind === undefined || object.kind === kind)
    .map((object) => {
      const status = controlPlane.status.get(`${object.kind}/${keyOf(object)}`)?.status;
      return status === undefined ? object : { ...object, status };
    });
}
