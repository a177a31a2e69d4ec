import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, problem, some } from "./facts.ts";
import { addressesAt, gatewaysOf, madeFor } from "./gateways.ts";
import { nameOf } from "./installation.ts";

/** Is what a Gateway says of its addresses what its Services have? */
export const checkAddresses: Check = {
  name: "Addresses",
  needs: ["Gateway", "GatewayClass", "Service"],
  codes: ["address-mismatch"],
  examine: (facts) => {
    const gateways = gatewaysOf(facts);
    const addresses = gateways.flatMap((gateway) => addressesAt(gateway, "status", "addresses"));
    return { seen: some(addresses) || "none", findings: gateways.flatMap((gateway) => mismatch(facts, gateway)) };
  },
};

function mismatch(facts: Facts, gateway: ApiObject): readonly Finding[] {
  const services = madeFor(facts, gateway, "Service");
  if (services.length === 0) return [];
  const has = new Set(services.flatMap(addressesOf));
  const told = addressesAt(gateway, "status", "addresses");
  const wrong = told.filter((address) => !has.has(address));
  if (wrong.length === 0) return [];
  const names = some(services.map(nameOf));
  return [
    problem(
      "address-mismatch",
      gateway,
      `Its status says ${wrong.join(", ")}, which is not an address of Service ${names}: that has ${some([...has], 5) || "none"}. Whoever reads the status (DNS, for example) sends clients astray.`,
      `The status follows the Service as soon as the controller writes: see whether it runs, leads, and may write statuses. If another controller writes this status, too, stop it: kubectl -n ${gateway.metadata.namespace} get gateway ${gateway.metadata.name} --show-managed-fields -o yaml`,
      { path: ["status", "addresses"] },
    ),
  ];
}

/** Outside addresses, and those in the cluster, by any of which a Gateway may be reached. */
function addressesOf(service: ApiObject): readonly string[] {
  return [
    ...addressesAt(service, "status", "loadBalancer", "ingress"),
    ...list(field(service, "spec", "clusterIPs")).map(text),
    ...list(field(service, "spec", "externalIPs")).map(text),
    text(field(service, "spec", "externalName")),
  ].filter((address) => address !== "" && address !== "None");
}
