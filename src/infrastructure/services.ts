import { socketName } from "../gateway/listener.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type Manifest, metadataOf } from "./manifest.ts";
import { baseName, numberedName, selectorLabels } from "./names.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { type RequestedAddresses, requestedAddresses } from "./requested-addresses.ts";

/** A port on which the proxies listen. */
export interface ExposedPort {
  readonly port: number;
  readonly transport: "TCP" | "UDP";
}

/** Name of the Service that every Gateway has, and with it a name in the cluster's DNS. */
export function mainServiceName({ metadata, spec }: Gateway): string {
  return baseName(metadata.name, spec.gatewayClassName);
}

/** Name of the Service that has one requested address. It follows from the address, so that each keeps its Service when others go. */
export function addressServiceName(gateway: Gateway, address: string): string {
  return numberedName(mainServiceName(gateway), address);
}

/**
 * The Services of a Gateway: one for itself, and one for each load balancer address that it asks for.
 *
 * A load balancer gives a Service one address (of each family), so several addresses are several Services.
 */
export function services(
  gateway: Gateway,
  exposed: readonly ExposedPort[],
  parameters: ProxyParameters,
): readonly Manifest[] {
  // Neither does Kubernetes take a Service without a port.
  if (exposed.length === 0) return [];
  const requested = requestedAddresses(gateway, parameters);
  return [
    service(
      gateway,
      mainServiceName(gateway),
      exposed,
      parameters,
      {
        type: requested.anyLoadBalancer ? parameters.service.type : "ClusterIP",
        ...(requested.clusterAddress === undefined ? {} : { clusterIP: requested.clusterAddress }),
      },
      hostnameAnnotation(requested),
    ),
    ...requested.loadBalancer.map((address) =>
      service(
        gateway,
        addressServiceName(gateway, address),
        exposed,
        parameters,
        { type: "LoadBalancer", loadBalancerIP: address },
        // Load balancers that no longer read the deprecated field read these.
        {
          "metallb.io/loadBalancerIPs": address,
          "lbipam.cilium.io/ips": address,
          "kube-vip.io/loadbalancerIPs": address,
        },
      ),
    ),
  ];
}

function service(
  gateway: Gateway,
  name: string,
  exposed: readonly ExposedPort[],
  { service: parameters }: ProxyParameters,
  spec: {
    readonly type: ProxyParameters["service"]["type"];
    readonly loadBalancerIP?: string;
    readonly clusterIP?: string;
  },
  annotations: Readonly<Record<string, string>>,
): Manifest {
  const metadata = metadataOf(gateway, name);
  const { internalTrafficPolicy, ipFamilies, ipFamilyPolicy } = parameters;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...metadata,
      labels: { ...parameters.labels, ...metadata.labels },
      annotations: { ...annotations, ...parameters.annotations, ...metadata.annotations },
    },
    spec: {
      ...spec,
      ...(spec.type === "LoadBalancer" ? ofLoadBalancers(parameters) : {}),
      ...(spec.type === "ClusterIP" ? {} : fromOutside(parameters)),
      ...(internalTrafficPolicy === undefined ? {} : { internalTrafficPolicy }),
      ipFamilyPolicy,
      ...(ipFamilies === undefined ? {} : { ipFamilies }),
      selector: selectorLabels(gateway),
      ports: [...exposed]
        .sort((left, right) => left.port - right.port || (left.transport < right.transport ? -1 : 1))
        .map((port) => ({
          name: `${port.transport.toLowerCase()}-${port.port}`,
          port: port.port,
          targetPort: port.port,
          protocol: port.transport,
          // A node's port is one Service's.
          ...(name === mainServiceName(gateway) && spec.type !== "ClusterIP" ? nodePortOf(port, parameters) : {}),
        })),
    },
  };
}

function ofLoadBalancers({ loadBalancerClass, loadBalancerSourceRanges }: ProxyParameters["service"]): object {
  return {
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    ...(loadBalancerSourceRanges === undefined ? {} : { loadBalancerSourceRanges }),
  };
}

function fromOutside({ externalTrafficPolicy }: ProxyParameters["service"]): object {
  return externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy };
}

function nodePortOf(exposed: ExposedPort, { nodePorts = [] }: ProxyParameters["service"]): object {
  const named = nodePorts.find(({ port, protocol = "TCP" }) => port === exposed.port && protocol === exposed.transport);
  return named === undefined ? {} : { nodePort: named.nodePort };
}

function hostnameAnnotation({ hostnames }: RequestedAddresses): Readonly<Record<string, string>> {
  return hostnames.length === 0 ? {} : { "external-dns.alpha.kubernetes.io/hostname": hostnames.join(",") };
}

/** The ports of a Gateway's listeners, each once. Invalid listeners count: an address is not lost over a mistake. */
export function exposedPorts(
  listeners: Iterable<{ readonly socket: Parameters<typeof socketName>[0] }>,
): readonly ExposedPort[] {
  const ports = new Map<string, ExposedPort>();
  for (const { socket } of listeners) {
    ports.set(socketName(socket), { port: socket.port, transport: socket.transport });
  }
  return [...ports.values()];
}
