import { type Condition, isFalse, isTrue } from "../gateway/condition.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Gateway, GatewaySpecAddress } from "../resources/generated/gateway-api.ts";
import type { ProxyAddress, ProxyState } from "../status/proxy-state.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { addressesOf, reachOf, requestedValue, sentinelRoutability } from "./requested-addresses.ts";
import { addressServiceName } from "./services.ts";

/** What a Gateway's Services have of the addresses that it asks for. */
export type AssignedAddresses = Pick<ProxyState, "addresses" | "problem" | "addressesAssigned">;

/** What became of one entry of spec.addresses. */
interface Outcome {
  readonly address?: ProxyAddress;
  /** Why it has none, in words. */
  readonly unsatisfied?: string;
  /** It names an address that can't be used. */
  readonly notUsable?: boolean;
}

/**
 * Gateway API, GatewayStatus.addresses: the addresses that clients can use; for each entry of spec.addresses one of its own
 * (GEP-5093), and who reaches it.
 *
 * Programmed is False with AddressNotUsable while an address of a load balancer that was named in spec.addresses is not there,
 * and with AddressNotAssigned while there is none at all. AddressesAssigned says which are missing.
 *
 * @param mainName of the Service that every Gateway has
 */
export function assignedAddresses(
  gateway: Gateway,
  mainName: string,
  serviceNamed: (name: string) => Service | undefined,
  parameters: Pick<ProxyParameters, "service">,
): AssignedAddresses {
  const serviceType = parameters.service.type;
  const main = serviceNamed(mainName);
  const cluster = clusterAddresses(main);
  const outside = serviceType === "LoadBalancer" ? ingressOf(main) : cluster;
  const outcomes = addressesOf(gateway, parameters).reduce<readonly Outcome[]>((before, entry) => {
    const taken = new Set(before.map(({ address }) => address?.value));
    const free = (addresses: readonly ProxyAddress[], has: (address: ProxyAddress) => boolean) =>
      addresses.find((address) => !taken.has(address.value) && has(address));
    return before.concat(outcomeOf(entry, free));
  }, []);

  function outcomeOf(
    entry: GatewaySpecAddress,
    free: (addresses: readonly ProxyAddress[], has: (address: ProxyAddress) => boolean) => ProxyAddress | undefined,
  ): Outcome {
    const value = requestedValue(entry);
    const { type, routability = "" } = entry;
    const fits = (address: ProxyAddress) => address.type === type && (value === undefined || address.value === value);
    const reach = reachOf(entry);
    if (reach === "unknown") {
      const unsatisfied = `Gatewright does not know routability ${routability} for ${value ?? "an address"} of type ${type}; it knows Cluster, for IP addresses.`;
      return { unsatisfied };
    }
    if (reach === "cluster") {
      const address = free(cluster, fits);
      if (address !== undefined) return { address };
      return { unsatisfied: `Service ${mainName} does not have ${value ?? "another"} cluster address.` };
    }
    const ofItsOwn = type === "IPAddress" && value !== undefined ? addressServiceName(mainName, value) : undefined;
    const address = free(ofItsOwn === undefined ? outside : ingressOf(serviceNamed(ofItsOwn)), fits);
    if (address !== undefined) {
      return { address: routability === sentinelRoutability ? { ...address, routability } : address };
    }
    return value === undefined
      ? { unsatisfied: `Service ${mainName} of type ${serviceType} has no other address of type ${type} yet.` }
      : { unsatisfied: `No load balancer has given ${value} to Service ${ofItsOwn ?? mainName}.`, notUsable: true };
  }

  const addresses =
    outcomes.length === 0 ? outside : outcomes.flatMap(({ address }) => (address === undefined ? [] : [address]));
  const unsatisfied = outcomes.flatMap((outcome) => outcome.unsatisfied ?? []);
  if (main === undefined) {
    return notAssigned(`Service ${mainName} has not been made yet.`, undefined);
  }
  if (addresses.length > 0 && unsatisfied.length === 0) {
    return {
      addresses,
      addressesAssigned: isTrue("AddressesAssigned", "AddressesAssigned", "Every address is there."),
    };
  }
  const hint = `${unsatisfied.join(" ")} Is it in the pool of addresses, and free?`;
  const notUsable = outcomes.some((outcome) => outcome.notUsable === true);
  if (addresses.length > 0) {
    return {
      addresses,
      addressesAssigned: isFalse("AddressesAssigned", "PartiallyAssigned", unsatisfied.join(" ")),
      ...(notUsable ? { problem: { reason: "AddressNotUsable", message: hint } } : {}),
    };
  }
  const message =
    unsatisfied.length > 0
      ? hint
      : `Service ${mainName} of type ${serviceType} has no address yet. Is there something in the cluster that gives addresses to load balancers?`;
  const reason = notUsable ? "AddressNotUsable" : "AddressNotAssigned";
  return notAssigned(message, isFalse("AddressesAssigned", "NotAssigned", message), reason);
}

function notAssigned(
  message: string,
  addressesAssigned: Condition | undefined,
  reason = "AddressNotAssigned",
): AssignedAddresses {
  return {
    addresses: [],
    problem: { reason, message },
    ...(addressesAssigned === undefined ? {} : { addressesAssigned }),
  };
}

function ingressOf(service: Service | undefined): readonly ProxyAddress[] {
  return (service?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }): readonly ProxyAddress[] => [
    ...(ip === undefined ? [] : [{ type: "IPAddress" as const, value: ip, routability: "" }]),
    ...(hostname === undefined ? [] : [{ type: "Hostname" as const, value: hostname, routability: "" }]),
  ]);
}

function clusterAddresses(service: Service | undefined): readonly ProxyAddress[] {
  const { clusterIP, clusterIPs } = service?.spec ?? {};
  return [...new Set([...(clusterIPs ?? []), ...(clusterIP === undefined ? [] : [clusterIP])])]
    .filter((value) => value !== "" && value !== "None")
    .map((value) => ({ type: "IPAddress", value, routability: "Cluster" }));
}
