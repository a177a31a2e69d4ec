import type { ProxyParameters } from "./proxy-parameters.ts";

/** What all proxies of a controller share. */
export interface ProxySettings {
  /** Has `envoy` and `gatewright` on its PATH; parameters may name another one. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Where the controller's xDS server is, and the name in its certificate. */
  readonly xds: { readonly host: string; readonly port: number; readonly serverName: string };
}

/** Of the proxies' readiness and metrics. A listener that wants it is refused by Envoy, and says so. */
export const healthPort = 19_003;

/** Where a proxy has its files. */
export const paths = {
  configuration: "/etc/gatewright/proxy",
  certificates: "/etc/gatewright/certificates",
  run: "/run/gatewright",
} as const;

/** Unix domain socket of Envoy's admin interface. */
export const adminSocket = `${paths.run}/admin.sock`;

/** The container in which Envoy runs. */
export function proxyContainer(settings: ProxySettings, { pod, envoy, drain }: ProxyParameters): object {
  const { image = settings.image, imagePullPolicy = settings.imagePullPolicy, resources, env = [] } = envoy;
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
      String(envoy.concurrency),
      "--drain-time-s",
      String(drain.seconds),
      "--log-level",
      envoy.logLevel,
      ...componentLogLevels(envoy),
      // Lines of access logs are to be seen soon; without this, after ten seconds.
      "--file-flush-interval-msec",
      "1000",
      "--disable-hot-restart",
    ],
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }, ...env],
    ports: [
      { name: "health", containerPort: healthPort, protocol: "TCP" },
      ...(pod.hostPorts ?? []).map(({ port, hostPort = port, protocol = "TCP" }) => ({
        name: `${protocol.toLowerCase()}-${port}`,
        containerPort: port,
        hostPort,
        protocol,
      })),
    ],
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
            String(drain.lameDuckSeconds),
            "--drain-time",
            String(drain.seconds),
          ],
        },
      },
    },
    resources: Object.fromEntries(Object.entries(resources).map(([name, quantities]) => [name, texts(quantities)])),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"], ...(pod.hostNetwork === true ? { add: ["NET_BIND_SERVICE"] } : {}) },
    },
    volumeMounts: [
      { name: "configuration", mountPath: paths.configuration, readOnly: true },
      { name: "certificates", mountPath: paths.certificates, readOnly: true },
      { name: "run", mountPath: paths.run },
    ],
  };
}

/** As the API server has quantities, however they were written. */
function texts(quantities: Readonly<Record<string, number | string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, String(quantity)]));
}

function componentLogLevels({ componentLogLevels: levels = {} }: ProxyParameters["envoy"]): readonly string[] {
  const named = Object.entries(levels).map(([component, level]) => `${component}:${level}`);
  return named.length === 0 ? [] : ["--component-log-level", named.sort().join(",")];
}
