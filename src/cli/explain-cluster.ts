import { ControlPlane } from "../control-plane/control-plane.ts";
import { explainWith } from "../control-plane/explain-with.ts";
import type { Explanation } from "../explain/explanation.ts";
import type { RequestText } from "../explain/parse-request.ts";
import { inCluster } from "../infrastructure/placement.ts";
import type { ClusterAccess } from "../kubernetes/access.ts";
import { field, text as fieldText, list } from "../resources/field.ts";
import { keyOf } from "../resources/object.ts";
import { noProxy } from "../status/proxy-state.ts";
import { readObjects } from "./analyse-cluster.ts";

/**
 * What a cluster's Gateways would answer, from what is in it now.
 *
 * @param namespace read alone, where all may not be read
 * @throws UsageError if the cluster can't be asked
 */
export async function explainCluster(
  access: ClusterAccess,
  namespace: string,
  text: RequestText,
): Promise<Explanation> {
  const { raw, objects, findings, incomplete } = await readObjects(access, namespace);
  const controlPlane = new ControlPlane({ placement: inCluster });
  controlPlane.apply({
    changes: objects.map((object) => {
      const { apiVersion, kind, metadata } = object;
      const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
      const { namespace: own, name } = metadata;
      const reference = { group, kind, ...(own !== undefined && { namespace: own }), name };
      return { reference, key: keyOf(object), kind, object, locate: () => undefined };
    }),
    findings: new Map([[access.origin, findings]]),
  });
  for (const gateway of raw.filter(({ kind }) => kind === "Gateway")) {
    const addresses = list(field(gateway, "status", "addresses")).map((address) => ({
      type: "IPAddress" as const,
      value: fieldText(field(address, "value")),
    }));
    controlPlane.proxies.set(keyOf(gateway), { ...noProxy, addresses });
  }
  const explanation = explainWith(controlPlane, text);
  if (incomplete.size === 0) return explanation;
  const partly = `You may not read all of these kinds, so what is said of them may be wrong: ${[...incomplete].join(", ")}.`;
  return { ...explanation, notes: [...explanation.notes, partly] };
}
