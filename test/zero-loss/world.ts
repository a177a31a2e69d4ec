import type { Resource } from "../e2e/harness/resources.ts";
import { ADDED_HEADER, type RouteVersion, VERSION_HEADER } from "./answers.ts";
import { conversation } from "./held-streams.ts";

const apiVersion = "gateway.networking.k8s.io/v1";

/** One version of the route under load, and what it may answer. */
export interface PlannedVersion extends RouteVersion {
  readonly route: Resource;
}

/**
 * Version `version` of the route: each has other backends, weights, filters and another order of its rules than the one before.
 *
 * @param services the backends of the rule under load; each version in turn takes one of them, another one, or two with weights
 */
export function routeVersion(version: number, host: string, services: readonly string[]): PlannedVersion {
  const pick = (index: number): string => services[index % services.length] ?? "";
  const chosen = version % 3 === 0 ? [pick(version), pick(version + 1)] : [pick(version)];
  const added = version % 2 === 0 ? "" : `v${version}`;
  const filters: readonly Resource[] = [
    {
      type: "ResponseHeaderModifier",
      responseHeaderModifier: { set: [{ name: VERSION_HEADER, value: String(version) }] },
    },
    ...(added === ""
      ? []
      : [
          {
            type: "RequestHeaderModifier",
            requestHeaderModifier: { set: [{ name: ADDED_HEADER, value: added }] },
          },
        ]),
  ];
  const backendRefs = chosen.map((name, index) => ({ name, port: 80, weight: index === 0 ? 10 + (version % 80) : 30 }));
  const rules: readonly Resource[] = [
    { filters, backendRefs },
    pathRule("/socket", "socket"),
    pathRule(`/${conversation.service}`, "stream"),
    pathRule("/never", "a"),
  ];
  const turned = [...rules.slice(version % rules.length), ...rules.slice(0, version % rules.length)];
  const spec = { parentRefs: [{ name: "edge" }], hostnames: [host], rules: turned };
  return {
    version,
    services: chosen,
    added,
    route: { apiVersion, kind: "HTTPRoute", metadata: { name: "app" }, spec },
  };
}

function pathRule(value: string, name: string): Resource {
  return { matches: [{ path: { type: "PathPrefix", value } }], backendRefs: [{ name, port: 80 }] };
}

/** A Service with one port and the protocol of its backends. */
export function protocolService(name: string, appProtocol: string): Resource {
  const ports = [{ name: "http", port: 80, appProtocol }];
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { ports } };
}
