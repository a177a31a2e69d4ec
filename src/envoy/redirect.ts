import type { RedirectAction } from "../ir/rule.ts";
import {
  type HeaderMatcherSchema,
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

type RedirectInit = Init<typeof RedirectActionSchema>;

const WELL_KNOWN_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/**
 * Gateway API, HTTPRequestRedirectFilter. A Location leaves out the well-known port of its scheme.
 *
 * Envoy keeps the port of the request's Host unless it is given a host or a port, and with another scheme that port would be
 * wrong. `tableHostname` is the host that the request was for, where the table serves just one. Other tables answer a
 * request whose Host has a port ({@link HOST_WITH_PORT}) with `explicit`, which names the scheme's port.
 */
export function redirect(
  action: RedirectAction,
  tableHostname: string,
  portOffset: number,
): { readonly usual: RedirectInit; readonly explicit?: RedirectInit } {
  const port = locationPort(action, portOffset);
  const { scheme, hostname } = action;
  if (scheme === undefined || hostname !== undefined || port !== undefined) {
    return { usual: redirectAction(action, hostname, port) };
  }
  if (!tableHostname.startsWith("*")) return { usual: redirectAction(action, tableHostname, undefined) };
  const wellKnown = WELL_KNOWN_PORTS[scheme];
  return {
    usual: redirectAction(action, undefined, undefined),
    ...(wellKnown !== undefined && { explicit: redirectAction(action, undefined, wellKnown) }),
  };
}

/** Matches a request whose Host names a port; an IPv6 address alone does not. */
export const HOST_WITH_PORT: Init<typeof HeaderMatcherSchema> = {
  name: ":authority",
  headerMatchSpecifier: {
    case: "stringMatch",
    value: { matchPattern: { case: "safeRegex", value: { regex: ".*:[0-9]+" } } },
  },
};

function redirectAction(action: RedirectAction, hostname: string | undefined, port: number | undefined): RedirectInit {
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
