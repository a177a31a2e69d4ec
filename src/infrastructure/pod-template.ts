import { createHash } from "node:crypto";
import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import { healthPort, type ProxySettings, proxyContainer } from "./proxy-container.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/**
 * The proxies' pods. They depend on the bootstrap and on parameters, never on listeners: a new port or route replaces no pod.
 *
 * Envoy of one Gateway listens on the Gateway's own ports, so that what it writes into a `Location` is what clients know; ports below 1024
 * need no privilege, for the pod's network starts them at 0 (a sysctl that every pod security standard allows). On the host's network
 * that sysctl may not be set, and nobody but root can be given a capability: there, Envoy is root with the one that these ports need.
 */
export function podTemplate(
  { metadata, selector }: Fleet,
  configMap: Manifest,
  settings: ProxySettings,
  parameters: ProxyParameters,
): object {
  const { name, annotations } = metadata;
  const { pod, drain } = parameters;
  const { affinity, imagePullSecrets, nodeSelector, priorityClassName, runtimeClassName, tolerations } = pod;
  return {
    metadata: {
      labels: { ...pod.labels, ...metadata.labels },
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(healthPort),
        "prometheus.io/path": "/stats/prometheus",
        ...pod.annotations,
        ...annotations,
        "gatewright.dev/bootstrap": createHash("sha256")
          .update(JSON.stringify(configMap["data"]))
          .digest("hex")
          .slice(0, 16),
      },
    },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: drain.lameDuckSeconds + drain.seconds + 10,
      ...network(pod),
      ...(affinity === undefined ? {} : { affinity }),
      ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
      ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
      ...(tolerations === undefined ? {} : { tolerations }),
      ...topologySpread(selector, pod),
      containers: [proxyContainer(settings, parameters)],
      volumes: [
        { name: "configuration", configMap: { name } },
        { name: "certificates", secret: { secretName: name } },
        { name: "run", emptyDir: { medium: "Memory" } },
      ],
    },
  };
}

function network({ hostNetwork }: ProxyParameters["pod"]): object {
  const seccompProfile = { type: "RuntimeDefault" };
  if (hostNetwork === true) {
    return {
      hostNetwork,
      // What pods look up is the cluster's, wherever they listen.
      dnsPolicy: "ClusterFirstWithHostNet",
      securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile },
    };
  }
  return {
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile,
      sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
    },
  };
}

/** A constraint that does not say which pods it counts is about the proxies; of itself it would count none. */
function topologySpread(
  selector: Fleet["selector"],
  { topologySpreadConstraints: constraints }: ProxyParameters["pod"],
): object {
  if (constraints === undefined) return {};
  const labelSelector = { matchLabels: selector };
  return { topologySpreadConstraints: constraints.map((constraint) => ({ labelSelector, ...constraint })) };
}
