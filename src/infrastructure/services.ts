import type { Collection, Reader } from "../collections/collection.ts";
import { portName, type Socket, socketKey } from "../gateway/listener.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { Exposure } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import { numberedName } from "./names.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { type RequestedAddresses, requestedAddresses } from "./requested-addresses.ts";

/** A port that clients know. */
export interface ExposedPort {
  readonly port: number;
  /** Where the proxies listen for it. */
  readonly targetPort: number;
  readonly transport: "TCP" | "UDP";
}

/** Name of the Service that has one requested address. It follows from the address, so that each keeps its Service when others go. */
export function addressServiceName(mainService: string, address: string): string {
  return numberedName(mainService, address);
}

/**
 * The Services of a Gateway: one for itself, with a name in the cluster's DNS, and one for each load balancer address that it asks for.
 *
 * A load balancer gives a Service one address (of each family), so several addresses are several Services.
 */
export function services(
  gateway: Gateway,
  exposure: Exposure,
  exposed: readonly ExposedPort[],
  parameters: ProxyParameters,
): readonly Manifest[] {
  // Neither does Kubernetes take a Service without a port.
  if (exposed.length === 0) return [];
  const requested = requestedAddresses(gateway, parameters);
  const { name } = exposure.metadata;
  return [
    service(
      exposure,
      name,
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
        exposure,
        addressServiceName(name, address),
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
  { metadata, selector }: Exposure,
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
  const { internalTrafficPolicy, ipFamilies, ipFamilyPolicy } = parameters;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      ...metadata,
      name,
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
      selector,
      ports: [...exposed]
        .sort((left, right) => left.port - right.port || (left.transport < right.transport ? -1 : 1))
        .map((port) => ({
          name: `${port.transport.toLowerCase()}-${port.port}`,
          port: port.port,
          targetPort: port.targetPort,
          protocol: port.transport,
          // A node's port is one Service's.
          ...(name === metadata.name && spec.type !== "ClusterIP" ? nodePortOf(port, parameters) : {}),
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

/**
 * The ports of a Gateway's listeners, each once. Invalid listeners count: an address is not lost over a mistake.
 *
 * @param boundPorts where proxies listen elsewhere than clients know, by the socket's key
 */
export function exposedPorts(
  listeners: Iterable<{ readonly socket: Socket }>,
  boundPorts: Collection<number>,
  { fetch }: Reader,
): readonly ExposedPort[] {
  const ports = new Map<string, ExposedPort>();
  for (const { socket } of listeners) {
    const { gateway, port, transport } = socket;
    const targetPort = gateway === undefined ? port : fetch(boundPorts, socketKey(socket));
    // Absent if the fleet has no port left: then nothing leads there.
    if (targetPort !== undefined) ports.set(portName(socket), { port, targetPort, transport });
  }
  return [...ports.values()];
}

/** What {@link services} made of {@link exposedPorts}, by {@link portName}, read from a Service as it is. */
export function boundPortsOf({ spec }: Service): Readonly<Record<string, number>> {
  return Object.fromEntries(
    (spec.ports ?? []).flatMap(({ port, targetPort, protocol }) =>
      protocol === "SCTP" || typeof targetPort !== "number"
        ? []
        : [[portName({ port, transport: protocol }), targetPort] as const],
    ),
  );
}
