import type { ApiObject } from "../kubernetes/api-object.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, problem, some } from "./facts.ts";
import { gatewaysOf, workloadsOf } from "./gateways.ts";
import { nameOf, podsOf, readyReplicas, servedInstead, wantedReplicas } from "./installation.ts";
import { metric } from "./metrics.ts";
import { refusals } from "./refusals.ts";
import { workloadTrouble } from "./workload-trouble.ts";

/** Do the proxies of each Gateway run, and are they connected? */
export const checkProxies: Check = {
  name: "Proxies",
  needs: ["Gateway", "GatewayClass", "Deployment", "DaemonSet", "Pod"],
  codes: [
    "host-port-taken",
    "image-not-pulled",
    "pod-crashes",
    "pod-not-scheduled",
    "pod-not-ready",
    "quota-exceeded",
    "pods-refused",
    "proxy-not-connected",
    "configuration-refused",
  ],
  examine: (facts) => {
    const workloads = new Map(
      gatewaysOf(facts).flatMap((gateway) =>
        workloadsOf(facts, gateway).map((workload) => [workload, nameOf(gateway)] as const),
      ),
    );
    const sum = (of: (workload: ApiObject) => number) => [...workloads.keys()].reduce((total, it) => total + of(it), 0);
    return {
      seen: `${sum(readyReplicas)} of ${sum(wantedReplicas)} ready`,
      findings: [
        ...[...workloads.entries()].flatMap(([workload, gateway]) => [
          ...workloadTrouble(facts, workload, `the proxies of Gateway ${gateway}`),
          ...disconnected(facts, workload, gateway),
        ]),
        ...refusals([...facts.kinds.values()].flatMap(({ objects }) => objects)),
      ],
    };
  },
};

/** What Envoys say of themselves: whether they have a stream to a controller. */
function disconnected(facts: Facts, workload: ApiObject, gateway: string): readonly Finding[] {
  const names = podsOf(facts, workload).map(({ metadata }) => metadata.name);
  const alone = facts.proxies.filter(
    ({ namespace, pod, metrics }) =>
      namespace === workload.metadata.namespace &&
      names.includes(pod) &&
      metrics !== undefined &&
      metric(metrics, "envoy_control_plane_connected_state") === 0,
  );
  const [first] = alone;
  if (first === undefined) return [];
  const pods = some(alone.map(({ pod }) => pod));
  const served = servedInstead(facts, workload);
  return [
    problem(
      "proxy-not-connected",
      { group: "", kind: "Pod", namespace: first.namespace, name: first.pod },
      `Proxies of Gateway ${gateway} are not connected to the controller (${pods}): they go on with what they have, and hear of no change.${served === undefined ? "" : ` The controller serves the namespaces ${some(served)} alone.`}`,
      served !== undefined
        ? `Add ${first.namespace} to watchNamespaces of the chart (--watch-namespace of the controller), or delete the Gateway there.`
        : `See whether the controller runs and its Service has endpoints, whether a NetworkPolicy is between them, and what the proxy says: kubectl -n ${first.namespace} logs ${first.pod}`,
    ),
  ];
}
