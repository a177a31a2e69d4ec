import type { Collection, Reader } from "../collections/collection.ts";
import type { Gateway, Listener as ListenerSpec } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import type { Origin } from "../resources/origin.ts";
import type { AllowedNamespaces } from "./allowed-routes.ts";
import { resolveCertificates } from "./certificate.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { anyHostname } from "./hostname.ts";
import type { Seniority } from "./precedence.ts";
import type { GrantsByNamespace } from "./reference-grant.ts";
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
  readonly resolvedRefs: Condition;
  readonly origin: Origin;
}

export interface ListenerContext {
  readonly validity: Collection<string>;
  readonly grants: GrantsByNamespace;
}

/** Every listener of a Gateway, on each of the addresses that the Gateway asks for. */
export function listenerCandidates(
  gateway: Gateway,
  proxy: string,
  reader: Reader,
  context: ListenerContext,
): readonly (readonly [string, ListenerCandidate])[] {
  return gateway.spec.listeners.map((listener, index) => {
    const candidate = listenerCandidate(gateway, listener, index, proxy, reader, context);
    return [candidate.key, candidate] as const;
  });
}

function listenerCandidate(
  gateway: Gateway,
  listener: ListenerSpec,
  index: number,
  proxy: string,
  reader: Reader,
  { validity, grants }: ListenerContext,
): ListenerCandidate {
  const gatewayKey = keyOf(gateway);
  const gatewayNamespace = gateway.metadata.namespace ?? "default";
  const { kinds, refused } = supportedKinds(listener.protocol, listener.allowedRoutes?.kinds);
  const tlsMode =
    listener.protocol === "HTTPS" || listener.protocol === "TLS" ? (listener.tls?.mode ?? "Terminate") : undefined;
  const certificates =
    tlsMode === "Terminate"
      ? resolveCertificates(reader, validity, grants, gatewayNamespace, listener.tls?.certificateRefs ?? [])
      : { secrets: [] };
  const address = boundAddress(gateway);
  const namespaces = listener.allowedRoutes?.namespaces;
  return {
    key: `${gatewayKey}/${listener.name}`,
    name: listener.name,
    gateway: { key: gatewayKey, created: gateway.metadata.creationTimestamp },
    gatewayNamespace,
    socket: {
      proxy,
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
    accepted: accepted(gateway, listener),
    resolvedRefs:
      certificates.problem ??
      noCertificate(listener, tlsMode) ??
      (refused.length > 0
        ? isFalse(
            "ResolvedRefs",
            "InvalidRouteKinds",
            `A listener of protocol ${listener.protocol} can't carry ${refused.join(", ")}; it can carry ${(kindsByProtocol[listener.protocol] ?? []).join(", ") || "no route"}.`,
          )
        : isTrue("ResolvedRefs", "ResolvedRefs", "Every reference of the listener was found.")),
    origin: {
      resource: { group: gatewayGroup, kind: "Gateway", namespace: gatewayNamespace, name: gateway.metadata.name },
      path: ["spec", "listeners", index],
    },
  };
}

/** A Gateway that asks for an IP address is bound to that one alone, so that several can share a port on one machine. */
function boundAddress(gateway: Gateway): string | undefined {
  return gateway.spec.addresses?.find((address) => address.type === "IPAddress" && address.value !== undefined)?.value;
}

function noCertificate(listener: ListenerSpec, tlsMode: ListenerCandidate["tlsMode"]): Condition | undefined {
  if (tlsMode !== "Terminate" || (listener.tls?.certificateRefs?.length ?? 0) > 0) return undefined;
  return isFalse(
    "ResolvedRefs",
    "InvalidCertificateRef",
    `Listener "${listener.name}" ends TLS but names no certificate: give it tls.certificateRefs.`,
  );
}

function accepted(gateway: Gateway, listener: ListenerSpec): Condition {
  if (kindsByProtocol[listener.protocol] === undefined) {
    return isFalse(
      "Accepted",
      "UnsupportedProtocol",
      `${listener.protocol} is not a protocol that Gatewright serves; use one of ${Object.keys(kindsByProtocol).join(", ")}.`,
    );
  }
  const frontend = gateway.spec.tls?.frontend;
  // Serving without the client certificates that somebody asked for would let everyone in.
  if (frontend !== undefined && listener.protocol === "HTTPS") {
    return isFalse(
      "Accepted",
      "UnsupportedValue",
      "Client certificates (spec.tls.frontend) are not checked yet, so listeners that ask for them are not served.",
    );
  }
  return isTrue("Accepted", "Accepted", "The listener is valid.");
}
