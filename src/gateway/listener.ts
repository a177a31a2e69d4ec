import type { Reader } from "../collections/collection.ts";
import type { Gateway, Listener as ListenerSpec } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import type { Origin } from "../resources/origin.ts";
import type { AllowedNamespaces } from "./allowed-routes.ts";
import { type CertificateContext, type ResolvedCertificates, resolveCertificates } from "./certificate.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { anyHostname } from "./hostname.ts";
import type { Placement } from "./placement.ts";
import type { Seniority } from "./precedence.ts";
import { type Problem, resolvedRefs } from "./problem.ts";
import { gatewayGroup, kindsByProtocol, type RouteKind, supportedKinds } from "./route-kind.ts";

/** A socket that listeners share: where, which port, which transport. */
export interface Socket {
  readonly proxy: string;
  /** Absent for every address of the machine. */
  readonly address?: string;
  readonly port: number;
  readonly transport: "TCP" | "UDP";
}

export function socketKey(socket: Socket): string {
  return `${socket.proxy}|${socketName(socket)}`;
}

/** @example socketName({ proxy: "local", port: 80, transport: "TCP" })  // "80/TCP" */
export function socketName({ address, port, transport }: Socket): string {
  return `${address === undefined ? "" : `[${address}]:`}${port}/${transport}`;
}

/** A listener of a Gateway of ours, looked at by itself: conflicts with others are found in a further step. */
export interface ListenerCandidate {
  /** `namespace/gateway/listener`. */
  readonly key: string;
  readonly name: string;
  readonly gateway: Seniority;
  readonly gatewayNamespace: string;
  readonly socket: Socket;
  readonly protocol: string;
  /** Lower-case; `*` if the listener gives none. */
  readonly hostname: string;
  readonly tlsMode: "Terminate" | "Passthrough" | undefined;
  readonly kinds: readonly RouteKind[];
  readonly namespaces: AllowedNamespaces;
  /** Keys of Secrets. */
  readonly certificates: readonly string[];
  readonly accepted: Condition;
  readonly problems: readonly Problem[];
  readonly resolvedRefs: Condition;
  readonly origin: Origin;
}

/** Every listener of a Gateway. */
export function listenerCandidates(
  gateway: Gateway,
  placement: Placement,
  refusal: Condition | undefined,
  reader: Reader,
  context: CertificateContext,
): readonly (readonly [string, ListenerCandidate])[] {
  return gateway.spec.listeners.map((listener, index) => {
    const candidate = listenerCandidate(gateway, listener, index, placement, refusal, reader, context);
    return [candidate.key, candidate] as const;
  });
}

function listenerCandidate(
  gateway: Gateway,
  listener: ListenerSpec,
  index: number,
  placement: Placement,
  refusal: Condition | undefined,
  reader: Reader,
  context: CertificateContext,
): ListenerCandidate {
  const gatewayKey = keyOf(gateway);
  const gatewayNamespace = gateway.metadata.namespace ?? "default";
  const { kinds, refused } = supportedKinds(listener.protocol, listener.allowedRoutes?.kinds);
  const tlsMode =
    listener.protocol === "HTTPS" || listener.protocol === "TLS" ? (listener.tls?.mode ?? "Terminate") : undefined;
  const origin: Origin = {
    resource: { group: gatewayGroup, kind: "Gateway", namespace: gatewayNamespace, name: gateway.metadata.name },
    path: ["spec", "listeners", index],
  };
  const certificates: ResolvedCertificates =
    tlsMode === "Terminate"
      ? resolveCertificates(reader, context, gatewayNamespace, listener.tls?.certificateRefs ?? [], origin)
      : { secrets: [], problems: [] };
  const problems = [
    ...certificates.problems,
    ...noCertificate(listener, tlsMode, origin),
    ...refusedKinds(listener.protocol, refused, origin),
  ];
  const address = placement.bindsAddresses ? boundAddress(gateway) : undefined;
  const namespaces = listener.allowedRoutes?.namespaces;
  return {
    key: `${gatewayKey}/${listener.name}`,
    name: listener.name,
    gateway: { key: gatewayKey, created: gateway.metadata.creationTimestamp },
    gatewayNamespace,
    socket: {
      proxy: placement.proxyOf(gateway),
      ...(address === undefined ? {} : { address }),
      port: listener.port,
      transport: listener.protocol === "UDP" ? "UDP" : "TCP",
    },
    protocol: listener.protocol,
    hostname:
      listener.hostname === undefined || listener.hostname === "" ? anyHostname : listener.hostname.toLowerCase(),
    tlsMode,
    kinds,
    namespaces: {
      from: namespaces?.from ?? "Same",
      ...(namespaces?.selector === undefined ? {} : { selector: namespaces.selector }),
    },
    certificates: certificates.secrets,
    accepted: accepted(gateway, listener, refusal),
    problems,
    resolvedRefs: resolvedRefs(problems),
    origin,
  };
}

/** A Gateway that asks for an IP address is bound to that one alone, so that several can share a port on one machine. */
function boundAddress(gateway: Gateway): string | undefined {
  return gateway.spec.addresses?.find((address) => address.type === "IPAddress" && address.value !== undefined)?.value;
}

function noCertificate(
  listener: ListenerSpec,
  tlsMode: ListenerCandidate["tlsMode"],
  origin: Origin,
): readonly Problem[] {
  if (tlsMode !== "Terminate" || (listener.tls?.certificateRefs?.length ?? 0) > 0) return [];
  const message = "It ends TLS but names no certificate: give it tls.certificateRefs.";
  return [{ reason: "InvalidCertificateRef", message, origin }];
}

function refusedKinds(protocol: string, refused: readonly string[], origin: Origin): readonly Problem[] {
  if (refused.length === 0) return [];
  const carried = (kindsByProtocol[protocol] ?? []).join(", ") || "no route";
  return [
    {
      reason: "InvalidRouteKinds",
      message: `A listener of protocol ${protocol} can't carry ${refused.join(", ")}; it can carry ${carried}.`,
      origin: { ...origin, path: [...origin.path, "allowedRoutes", "kinds"] },
    },
  ];
}

function accepted(gateway: Gateway, listener: ListenerSpec, refusal: Condition | undefined): Condition {
  if (kindsByProtocol[listener.protocol] === undefined) {
    return isFalse(
      "Accepted",
      "UnsupportedProtocol",
      `${listener.protocol} is not a protocol that Gatewright serves; use one of ${Object.keys(kindsByProtocol).join(", ")}.`,
    );
  }
  if (refusal !== undefined) return isFalse("Accepted", "UnsupportedValue", refusal.message);
  // Serving without a check that somebody asked for would let everyone in.
  if (listener.protocol === "HTTPS" && asksForClientCertificates(gateway, listener.port)) {
    return isFalse(
      "Accepted",
      "UnsupportedValue",
      "Client certificates (spec.tls.frontend) are not checked yet, so listeners that ask for them are not served.",
    );
  }
  if ((listener.filters?.requests?.length ?? 0) > 0) {
    return isFalse(
      "Accepted",
      "UnsupportedValue",
      "Filters of listeners (spec.listeners[].filters) are not supported yet, so listeners that ask for them are not served.",
    );
  }
  return isTrue("Accepted", "Accepted", "The listener is valid.");
}

/** Gateway API, FrontendTLSConfig: what a port says of itself replaces the default. */
function asksForClientCertificates({ spec }: Gateway, port: number): boolean {
  const frontend = spec.tls?.frontend;
  if (frontend === undefined) return false;
  const config = frontend.perPort?.find((entry) => entry.port === port)?.tls ?? frontend.default;
  return config.validation !== undefined;
}
