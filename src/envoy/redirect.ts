import type { RedirectAction } from "../ir/rule.ts";
import {
  RedirectAction_RedirectResponseCode,
  type RedirectActionSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { Init } from "./message.ts";
import { redirectPath } from "./rewrite.ts";

const RESPONSE_CODES = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
} as const;

const WELL_KNOWN_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Gateway API, HTTPRequestRedirectFilter. A Location never names the well-known port of its scheme.
 *
 * `tableHostname` is the host that the request was for, where the table serves just one: Envoy keeps the port of the request's
 * Host unless it is given a host or a port, and with another scheme that port would be wrong.
 */
export function redirect(
  action: RedirectAction,
  tableHostname: string,
  portOffset: number,
): Init<typeof RedirectActionSchema> {
  const port = locationPort(action, portOffset);
  const exact = tableHostname.startsWith("*") ? undefined : tableHostname;
  const hostname = action.hostname ?? (action.scheme !== undefined && port === undefined ? exact : undefined);
  return {
    ...(action.scheme !== undefined && { schemeRewriteSpecifier: { case: "schemeRedirect", value: action.scheme } }),
    ...(hostname !== undefined && { hostRedirect: hostname }),
    ...(port !== undefined && { portRedirect: port }),
    ...(action.path && { pathRewriteSpecifier: redirectPath(action.path) }),
    responseCode: RESPONSE_CODES[action.statusCode],
  };
}

/** With an offset, our own listeners are elsewhere than the Gateway says, and so is what redirects to them. */
function locationPort({ scheme, hostname, port }: RedirectAction, portOffset: number): number | undefined {
  const wellKnown = scheme === undefined ? undefined : WELL_KNOWN_PORTS[scheme];
  if (portOffset !== 0 && hostname === undefined) {
    const target = port ?? wellKnown;
    return target === undefined ? undefined : target + portOffset;
  }
  return port === wellKnown ? undefined : port;
}
