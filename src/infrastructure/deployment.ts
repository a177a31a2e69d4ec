import { createHash } from "node:crypto";
import { bootstrap } from "../envoy/bootstrap.ts";
import { xdsSecretFiles } from "../envoy/xds-cluster.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import type { ProxyParameters } from "../resources/proxy-parameters.ts";
import { labelsOf, type Manifest, metadataOf } from "./manifest.ts";
import { managedBy, selectorLabels } from "./names.ts";

/** What all proxies of a controller share. */
export interface ProxySettings {
  /** Has `envoy` and `gatewright` on its PATH. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Where the controller's xDS server is, and the name in its certificate. */
  readonly xds: { readonly host: string; readonly port: number; readonly serverName: string };
}

/** Of the proxies' readiness and metrics. A listener that wants it is refused by Envoy, and says so. */
export const healthPort = 19_003;

const paths = {
  configuration: "/etc/gatewright/proxy",
  certificates: "/etc/gatewright/certificates",
  run: "/run/gatewright",
};
const adminSocket = `${paths.run}/admin.sock`;
// What looks at endpoints (kube-proxy, load balancers) hears of a pod's end while it still takes connections.
const lameDuckSeconds = 5;

/** The proxies' bootstrap: the same for every pod, so that a pod is replaced only if it has to be. */
export function bootstrapConfigMap(gateway: Gateway, proxy: string, { xds }: ProxySettings): Manifest {
  const configuration = bootstrap({
    proxy,
    xds: { ...xds, secretFiles: paths.configuration },
    adminSocket,
    healthPort,
    gateway: keyOf(gateway),
  });
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(gateway),
    data: { "bootstrap.json": JSON.stringify(configuration), ...xdsSecretFiles(paths.certificates, xds.serverName) },
  };
}

/** The proxies need nothing of the API server. */
export function serviceAccount(gateway: Gateway): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadataOf(gateway),
    automountServiceAccountToken: false,
  };
}

/**
 * The proxies. Their pods depend on the bootstrap and on parameters, never on listeners: a new port or route replaces no pod.
 *
 * Envoy listens on the Gateway's own ports, so that what it writes into a `Location` is what clients know; ports below 1024
 * need no privilege, for the pod's network starts them at 0 (a sysctl that every pod security standard allows).
 */
export function deployment(
  gateway: Gateway,
  configMap: Manifest,
  settings: ProxySettings,
  parameters: ProxyParameters,
): Manifest {
  const metadata = metadataOf(gateway);
  const { name } = metadata;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: parameters.replicas,
      selector: { matchLabels: { ...managedBy, ...selectorLabels(gateway) } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: labelsOf(gateway),
          annotations: {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": String(healthPort),
            "prometheus.io/path": "/stats/prometheus",
            ...metadata.annotations,
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
          terminationGracePeriodSeconds: lameDuckSeconds + parameters.drainSeconds + 10,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            fsGroup: 65_532,
            seccompProfile: { type: "RuntimeDefault" },
            sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
          },
          containers: [container(settings, parameters)],
          volumes: [
            { name: "configuration", configMap: { name } },
            { name: "certificates", secret: { secretName: name } },
            { name: "run", emptyDir: { medium: "Memory" } },
          ],
        },
      },
    },
  };
}

function container({ image, imagePullPolicy }: ProxySettings, parameters: ProxyParameters) {
  const { cpuRequest, memoryRequest, cpuLimit, memoryLimit, concurrency, drainSeconds } = parameters;
  return {
    name: "envoy",
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    command: ["envoy"],
    args: [
      "--config-path",
      `${paths.configuration}/bootstrap.json`,
      "--service-node",
      "$(POD_NAME)",
      "--concurrency",
      String(concurrency),
      "--drain-time-s",
      String(drainSeconds),
      "--log-level",
      "warning",
      "--disable-hot-restart",
    ],
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [{ name: "health", containerPort: healthPort, protocol: "TCP" }],
    // Envoy says that it is ready when it has acknowledged all that it was sent first. One that ends is unready at once; one that
    // answers late has more requests than it can serve, and taking it out would refuse them all, or give them to the next.
    readinessProbe: {
      httpGet: { path: "/ready", port: healthPort },
      periodSeconds: 2,
      timeoutSeconds: 5,
      failureThreshold: 5,
    },
    lifecycle: {
      preStop: {
        exec: {
          command: [
            "gatewright",
            "drain",
            "--admin-socket",
            adminSocket,
            "--lame-duck",
            String(lameDuckSeconds),
            "--drain-time",
            String(drainSeconds),
          ],
        },
      },
    },
    resources: {
      requests: { cpu: cpuRequest, memory: memoryRequest },
      ...(cpuLimit === undefined && memoryLimit === undefined
        ? {}
        : {
            limits: {
              ...(cpuLimit === undefined ? {} : { cpu: cpuLimit }),
              ...(memoryLimit === undefined ? {} : { memory: memoryLimit }),
            },
          }),
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "configuration", mountPath: paths.configuration, readOnly: true },
      { name: "certificates", mountPath: paths.certificates, readOnly: true },
      { name: "run", mountPath: paths.run },
    ],
  };
}
