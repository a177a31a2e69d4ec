import { isIP } from "node:net";
import { hasFormat } from "../formats.ts";
import type { EndpointSlice } from "../generated/core.ts";
import { type Mistake, mistake, warning } from "../mistake.ts";
import { formatPath } from "../origin.ts";

/** Addresses of an EndpointSlice that are none of its `addressType`, and ports without a name of their own. */
export function checkEndpointSlice({ addressType, endpoints = [], ports = [] }: EndpointSlice): readonly Mistake[] {
  return [
    ...(addressType === "FQDN" ? [namesLeftOut] : []),
    ...endpoints.flatMap(({ addresses }, endpoint) =>
      addresses.flatMap((address, index) => {
        if (fits(address, addressType)) return [];
        const path = ["endpoints", endpoint, "addresses", index];
        const message = `${formatPath(path)}: ${JSON.stringify(address)} is no ${addressType === "FQDN" ? "DNS name" : `${addressType} address`}.`;
        return [mistake("invalid-address", path, message, remedyFor(address))];
      }),
    ),
    ...ports.flatMap(({ name }, index) => {
      const first = ports.findIndex((port) => port.name === name);
      if (first === index) return [];
      const message = `ports[${index}] has the name ${JSON.stringify(name ?? "")}, as ports[${first}] does.`;
      return [mistake("duplicate-entry", ["ports", index], message, "Give each port a name of its own.")];
    }),
  ];
}

const namesLeftOut = warning(
  "not-enforced",
  ["addressType"],
  "addressType FQDN: endpoints that are DNS names are left out.",
  "Use a Service of type ExternalName for a name.",
);

function fits(address: string, addressType: EndpointSlice["addressType"]): boolean {
  if (addressType === "FQDN") return hasFormat("dns1123Subdomain", address) && isIP(address) === 0;
  return isIP(address) === (addressType === "IPv4" ? 4 : 6) && !address.includes("%");
}

function remedyFor(address: string): string | undefined {
  if (isIP(address) !== 0) return `Set addressType to IPv${isIP(address)}, or put it in a slice of its own.`;
  if (/^\[?[0-9a-f.:]+\]?:\d+$/i.test(address)) return "Write the port under ports.";
  return hasFormat("dns1123Subdomain", address) ? "Use a Service of type ExternalName for a name." : undefined;
}
