import type { Service } from "../resources/generated/core.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { ProxyParameters } from "../resources/proxy-parameters.ts";
import type { ProxyAddress, ProxyState } from "../status/proxy-state.ts";
import { requestedAddresses } from "./requested-addresses.ts";
import { addressServiceName, mainServiceName } from "./services.ts";

/** What a Gateway's Services have of the addresses that it asks for. */
export type AssignedAddresses = Pick<ProxyState, "addresses" | "problem">;

/**
 * Gateway API, GatewayStatus.addresses: the addresses that clients can use. Programmed is False with AddressNotUsable while
 * one that was named in spec.addresses is not there, and with AddressNotAssigned while there is none at all.
 */
export function assignedAddresses(
  gateway: Gateway,
  serviceNamed: (name: string) => Service | undefined,
  { serviceType }: Pick<ProxyParameters, "serviceType">,
): AssignedAddresses {
  const requested = requestedAddresses(gateway);
  const mainName = mainServiceName(gateway);
  const main = serviceNamed(mainName);
  const byAddress = requested.loadBalancer.map((address) => {
    const name = addressServiceName(gateway, address);
    return { address, name, has: ingressOf(serviceNamed(name)).some(({ value }) => value === address) };
  });
  const outside = serviceType === "LoadBalancer" ? ingressOf(main) : clusterAddresses(main);
  const cluster = clusterAddresses(main).map((address): ProxyAddress => ({ ...address, routability: "Cluster" }));
  const addresses: readonly ProxyAddress[] = [
    ...byAddress.flatMap(({ address, has }): readonly ProxyAddress[] =>
      has ? [{ type: "IPAddress", value: address }] : [],
    ),
    ...(requested.anyLoadBalancer || requested.hostnames.length > 0 ? outside : []),
    ...(requested.cluster ? cluster : []),
  ];
  const unusable = [
    ...byAddress
      .filter(({ has }) => !has)
      .map(({ address, name }) => `No load balancer has given ${address} to Service ${name}.`),
    ...requested.hostnames
      .filter((hostname) => !outside.some(({ value }) => value === hostname))
      .map((hostname) => `No load balancer has given ${hostname} to Service ${mainName}.`),
    ...(requested.clusterAddress === undefined || cluster.some(({ value }) => value === requested.clusterAddress)
      ? []
      : [`Service ${mainName} does not have the cluster address ${requested.clusterAddress}.`]),
  ];
  if (unusable.length > 0) {
    const message = `${unusable.join(" ")} Is it in the pool of addresses, and free?`;
    return { addresses, problem: { reason: "AddressNotUsable", message } };
  }
  if (addresses.length === 0) {
    const message =
      main === undefined
        ? `Service ${mainName} has not been made yet.`
        : `Service ${mainName} of type ${serviceType} has no address yet. Is there something in the cluster that gives addresses to load balancers?`;
    return { addresses, problem: { reason: "AddressNotAssigned", message } };
  }
  return { addresses };
}

function ingressOf(service: Service | undefined): readonly ProxyAddress[] {
  return (service?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }): readonly ProxyAddress[] => [
    ...(ip === undefined ? [] : [{ type: "IPAddress" as const, value: ip }]),
    ...(hostname === undefined ? [] : [{ type: "Hostname" as const, value: hostname }]),
  ]);
}

function clusterAddresses(service: Service | undefined): readonly ProxyAddress[] {
  const { clusterIP, clusterIPs } = service?.spec ?? {};
  return [...new Set([...(clusterIPs ?? []), ...(clusterIP === undefined ? [] : [clusterIP])])]
    .filter((value) => value !== "" && value !== "None")
    .map((value) => ({ type: "IPAddress", value }));
}
