import { isIP } from "node:net";
import type { Gateway, GRPCRoute, HTTPRoute, ListenerSet, TLSRoute } from "../generated/gateway-api.ts";
import { type Mistake, warning } from "../mistake.ts";
import { type FieldPath, formatPath } from "../origin.ts";

/** Hostnames that are IP addresses: the specification does not allow them, yet the schema's pattern does. */
export function checkHostnames(object: Gateway | GRPCRoute | HTTPRoute | ListenerSet | TLSRoute): readonly Mistake[] {
  return hostnamesOf(object).flatMap(({ path, hostname }) =>
    isIP(hostname) === 0
      ? []
      : [
          warning(
            "hostname-is-address",
            path,
            `${formatPath(path)}: ${hostname} is an IP address; the specification only allows names.`,
            "Leave the hostname out to accept requests whatever their host.",
          ),
        ],
  );
}

function hostnamesOf(
  object: Gateway | GRPCRoute | HTTPRoute | ListenerSet | TLSRoute,
): readonly { readonly path: FieldPath; readonly hostname: string }[] {
  if (object.kind === "Gateway" || object.kind === "ListenerSet") {
    return object.spec.listeners.flatMap(({ hostname }, index) =>
      hostname === undefined ? [] : [{ path: ["spec", "listeners", index, "hostname"], hostname }],
    );
  }
  return (object.spec.hostnames ?? []).map((hostname, index) => ({ path: ["spec", "hostnames", index], hostname }));
}
