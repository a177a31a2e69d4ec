import type { RollingUpdate } from "../resources/generated/gatewright-api.ts";
import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/**
 * What runs the proxies: a Deployment, or a DaemonSet.
 *
 * Replicas that nobody asked for are not ours: an autoscaler's, or what was set by hand.
 */
export function workload({ metadata, selector }: Fleet, template: object, parameters: ProxyParameters): Manifest {
  const { kind, replicas } = parameters.workload;
  const strategy = { type: "RollingUpdate", rollingUpdate: rollingUpdate(parameters) };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata,
    spec: {
      ...(kind === "Deployment" && replicas !== undefined ? { replicas } : {}),
      selector: { matchLabels: selector },
      ...(kind === "Deployment" ? { strategy } : { updateStrategy: strategy }),
      template,
    },
  };
}

/**
 * A new proxy comes before an old one goes, unless both would need the same port of a node. Where only one of the two numbers is
 * given, the other is what Kubernetes takes with it: never both 0, and for a DaemonSet never neither.
 */
function rollingUpdate({ workload: { kind, rollingUpdate: given = {} }, pod }: ProxyParameters): RollingUpdate {
  const { maxSurge, maxUnavailable } = given;
  if (maxSurge !== undefined && maxUnavailable !== undefined) return { maxSurge, maxUnavailable };
  if (maxSurge !== undefined) return { maxSurge, maxUnavailable: isNone(maxSurge) ? 1 : 0 };
  const surges = pod.hostNetwork !== true && pod.hostPorts === undefined;
  if (maxUnavailable === undefined)
    return surges ? { maxSurge: 1, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: 1 };
  const maySurge = surges && (kind === "Deployment" || isNone(maxUnavailable));
  return { maxSurge: maySurge ? 1 : 0, maxUnavailable };
}

function isNone(amount: number | string): boolean {
  return amount === 0 || amount === "0" || amount === "0%";
}
