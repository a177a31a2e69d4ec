import { isResourceKind } from "../gateway/inputs.ts";
import { experimentalGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { KubernetesObject } from "../resources/object.ts";

/**
 * Objects of Gateway API that are valid and without effect, since nothing of Gatewright reads their kind: nobody should take
 * a policy for enforced because nothing was said about it.
 */
export function unservedKinds(objects: readonly KubernetesObject[]): readonly Finding[] {
  return objects
    .filter(({ apiVersion, kind }) => apiVersion.startsWith(`${experimentalGroup}/`) && !isResourceKind(kind))
    .map(({ kind, metadata }): Finding => {
      const { namespace, name } = metadata;
      const key = namespace === undefined ? name : `${namespace}/${name}`;
      return {
        severity: "warning",
        code: "kind-not-served",
        message: `${kind} ${key} has no effect: Gatewright does not serve the experimental kind ${kind} yet.`,
        origin: {
          resource: { group: experimentalGroup, kind, name, ...(namespace === undefined ? {} : { namespace }) },
          path: ["kind"],
        },
      };
    });
}
