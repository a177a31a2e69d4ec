import type { RedirectAction } from "../../ir/rule.ts";
import type { HTTPRequestRedirectFilter } from "../../resources/generated/gateway-api.ts";
import { pathModifier } from "./url-rewrite.ts";

/** A redirect before it is known which listener it is served on, which decides its port. */
export interface Redirect extends Omit<RedirectAction, "kind" | "port"> {
  readonly explicitPort?: number;
}

export function redirect(filter: HTTPRequestRedirectFilter, prefix: string): Redirect {
  const { scheme, hostname, path, port, statusCode } = filter;
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(path === undefined ? {} : { path: pathModifier(path, prefix) }),
    ...(port === undefined ? {} : { explicitPort: port }),
    statusCode: statusCodes.find((known) => known === statusCode) ?? 302,
  };
}

const statusCodes = [301, 302, 303, 307, 308] as const;
const wellKnownPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Gateway API, HTTPRequestRedirectFilter.port: absent, it is the well-known port of the redirect's scheme, or without a
 * scheme the listener's port. 80 for http and 443 for https are left out of the Location header.
 */
export function redirectOn(
  { explicitPort, ...rest }: Redirect,
  listener: { readonly port: number; readonly scheme: "http" | "https" },
): RedirectAction {
  const port =
    explicitPort ?? (rest.scheme === undefined ? listener.port : (wellKnownPorts[rest.scheme] ?? listener.port));
  const implied = wellKnownPorts[rest.scheme ?? listener.scheme] === port;
  return { kind: "redirect", ...rest, ...(implied ? {} : { port }) };
}
