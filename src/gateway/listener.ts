import type { Reader } from "../collections/collection.ts";
import type { ClientValidation } from "../ir/listener.ts";
import type { TlsParameters } from "../ir/tls-parameters.ts";
import type {
  Gateway,
  ListenerEntry,
  ListenerSet,
  Listener as ListenerSpec,
} from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type AllowedNamespaces, idleSelector } from "./allowed-routes.ts";
import type { BackendContext } from "./backend.ts";
import { type CertificateContext, type ResolvedCertificates, resolveCertificates } from "./certificate.ts";
import { type PortValidation, portValidation, type ValidationContext } from "./client-validation.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { anyHostname } from "./hostname.ts";
import { type ListenerFilters, listenerFilters } from "./listener-filters.ts";
import { type ListenerParent, listenerParent, parentKey, referrer } from "./listener-parent.ts";
import { ifSet, type UnenforcedField } from "./not-enforced.ts";
import type { Place, Placement } from "./placement.ts";
import type { Seniority } from "./precedence.ts";
import { type Problem, resolvedRefs } from "./problem.ts";
import { gatewayGroup, kindsByProtocol, type RouteKind, supportedKinds } from "./route-kind.ts";
import { readTlsOptions, type TlsOptions } from "./tls-options.ts";

/** A socket that listeners share: where, which port, which transport. */
export interface Socket extends Place {
  /** Absent for every address of the machine. */
  readonly address?: string;
  /** Where a Gateway asks for several. */
  readonly additionalAddresses?: readonly string[];
  readonly port: number;
  readonly transport: "TCP" | "UDP";
}

export function socketKey(socket: Socket): string {
  return `${socket.proxy}|${socketName(socket)}`;
}

/**
 * Unique in the fleet.
 *
 * @example socketName({ proxy: "local", port: 80, transport: "TCP" })  // "80/TCP"
 * @example socketName({ proxy: "shared", gateway: "edge/public", port: 80, transport: "TCP" })  // "edge/public:80/TCP"
 */
export function socketName(socket: Socket): string {
  const addresses = addressesOf(socket);
  const owner = socket.gateway === undefined ? "" : `${socket.gateway}:`;
  return `${owner}${addresses.length === 0 ? "" : `[${addresses.join(",")}]:`}${portName(socket)}`;
}

/** @example portName({ port: 80, transport: "TCP" })  // "80/TCP" */
export function portName({ port, transport }: Pick<Socket, "port" | "transport">): string {
  return `${port}/${transport}`;
}

/** None for every address of the machine. */
export function addressesOf({ address, additionalAddresses = [] }: Socket): readonly string[] {
  return address === undefined ? [] : [address, ...additionalAddresses];
}

/** What a listener refers to. */
export type ListenerContext = CertificateContext & ValidationContext & BackendContext;

/** Whether a listener takes its requests: where it is accepted, and where it is there to refuse them for its filters' sake. */
export function takesRequests(listener: Pick<ListenerCandidate, "accepted" | "filters">): boolean {
  const { refused } = listener.filters;
  return listener.accepted.status === "True" || (refused !== undefined && listener.accepted === refused);
}

/** A listener of a Gateway of ours, or of a ListenerSet that adds it to one, looked at by itself: conflicts with others are found in a further step. */
export interface ListenerCandidate {
  /** `Gateway/namespace/name/listener` or `ListenerSet/namespace/name/listener`. */
  readonly key: string;
  readonly name: string;
  /** Whose listener it is in the end. */
  readonly gateway: Seniority;
  /** What it stands in: the Gateway, or a ListenerSet. Its namespace is what references and `allowedRoutes` start from. */
  readonly parent: ListenerParent;
  readonly socket: Socket;
  readonly protocol: string;
  /** Lower-case; `*` if the listener gives none. */
  readonly hostname: string;
  readonly tlsMode: "Terminate" | "Passthrough" | undefined;
  readonly kinds: readonly RouteKind[];
  readonly namespaces: AllowedNamespaces;
  /** Keys of Secrets. */
  readonly certificates: readonly string[];
  readonly parameters?: TlsParameters;
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly UnenforcedField[];
  /** What is asked of clients, over HTTPS. */
  readonly clients?: ClientValidation;
  readonly filters: ListenerFilters;
  readonly accepted: Condition;
  readonly problems: readonly Problem[];
  readonly resolvedRefs: Condition;
  readonly origin: Origin;
}

/** Every listener of a Gateway itself, or those that a ListenerSet adds to it. */
export function listenerCandidates(
  gateway: Gateway,
  listenerSet: ListenerSet | undefined,
  placement: Placement,
  place: Place,
  refusal: Condition | undefined,
  reader: Reader,
  context: ListenerContext,
): readonly (readonly [string, ListenerCandidate])[] {
  const parent =
    listenerSet === undefined ? listenerParent("Gateway", gateway) : listenerParent("ListenerSet", listenerSet);
  const { metadata, spec } = listenerSet ?? gateway;
  const resource = { group: gatewayGroup, kind: parent.kind, namespace: parent.namespace, name: metadata.name };
  return spec.listeners.map((listener: ListenerSpec | ListenerEntry, index: number) => {
    const origin: Origin = { resource, path: ["spec", "listeners", index] };
    const candidate = listenerCandidate(gateway, parent, listener, origin, placement, place, refusal, reader, context);
    return [candidate.key, candidate] as const;
  });
}

function listenerCandidate(
  gateway: Gateway,
  parent: ListenerParent,
  listener: ListenerSpec | ListenerEntry,
  origin: Origin,
  placement: Placement,
  place: Place,
  refusal: Condition | undefined,
  reader: Reader,
  context: ListenerContext,
): ListenerCandidate {
  const { kinds, refused } = supportedKinds(listener.protocol, listener.allowedRoutes?.kinds);
  const tlsMode =
    listener.protocol === "HTTPS" || listener.protocol === "TLS" ? (listener.tls?.mode ?? "Terminate") : undefined;
  const certificates: ResolvedCertificates =
    tlsMode === "Terminate"
      ? resolveCertificates(reader, context, referrer(parent), listener.tls?.certificateRefs ?? [], origin)
      : { secrets: [], problems: [] };
  const clients: PortValidation =
    listener.protocol === "HTTPS" ? portValidation(gateway, listener.port, reader, context) : { problems: [] };
  const options: TlsOptions = tlsMode === "Terminate" ? readTlsOptions(listener.tls?.options) : { unknown: [] };
  const filters = listenerFilters(listener, parent, reader, context, origin);
  const problems = [
    ...certificates.problems,
    ...clients.problems,
    ...noCertificate(listener, tlsMode, origin),
    ...refusedKinds(listener.protocol, refused, origin),
    ...filters.problems,
  ];
  const [address, ...additionalAddresses] = placement.bindsAddresses ? boundAddresses(gateway) : [];
  const namespaces = listener.allowedRoutes?.namespaces;
  return {
    key: `${parentKey(parent)}/${listener.name}`,
    name: listener.name,
    gateway: listenerParent("Gateway", gateway),
    parent,
    socket: {
      proxy: place.proxy,
      ...(place.gateway === undefined ? {} : { gateway: place.gateway }),
      ...(address === undefined ? {} : { address }),
      ...(additionalAddresses.length === 0 ? {} : { additionalAddresses }),
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
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
    notEnforced: [
      ...(tlsMode === "Passthrough" ? passedThrough(listener, origin) : unknownOptions(options, origin)),
      ...idleSelector(namespaces, [...origin.path, "allowedRoutes", "namespaces"]),
    ],
    ...(clients.validation === undefined ? {} : { clients: clients.validation }),
    filters,
    accepted: accepted(listener, refusal, clients, options, filters),
    problems,
    resolvedRefs: resolvedRefs(problems),
    origin,
  };
}

/**
 * A Gateway that asks for IP addresses is bound to those alone, so that several can share a port on one machine. One that asks
 * for an address without saying which has them all.
 */
function boundAddresses({ spec }: Gateway): readonly string[] {
  const values = (spec.addresses ?? []).map(({ value = "" }) => value);
  return values.includes("") ? [] : [...new Set(values)].sort();
}

/** ListenerTLSConfig.mode: of TLS that is passed through, certificates and options are somebody else's. */
function passedThrough({ tls }: ListenerSpec | ListenerEntry, { path }: Origin): readonly UnenforcedField[] {
  const because = "TLS is passed through, and ended by the backend.";
  return [
    ...ifSet(tls?.certificateRefs, [...path, "tls", "certificateRefs"], because),
    ...Object.keys(tls?.options ?? {})
      .sort()
      .map((name) => ({ path: [...path, "tls", "options", name], because })),
  ];
}

function unknownOptions({ unknown }: TlsOptions, { path }: Origin): readonly UnenforcedField[] {
  const because = "It is none of Gatewright's options.";
  return unknown.map((name) => ({ path: [...path, "tls", "options", name], because }));
}

function noCertificate(
  listener: ListenerSpec | ListenerEntry,
  tlsMode: ListenerCandidate["tlsMode"],
  origin: Origin,
): readonly Problem[] {
  if (tlsMode !== "Terminate" || (listener.tls?.certificateRefs?.length ?? 0) > 0) return [];
  const message = "It ends TLS but names no certificate: give it tls.certificateRefs.";
  return [{ reason: "InvalidCertificateRef", code: "https-without-certificate", message, origin }];
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
function accepted(
  listener: ListenerSpec | ListenerEntry,
  refusal: Condition | undefined,
  clients: PortValidation,
  options: TlsOptions,
  filters: ListenerFilters,
): Condition {
  if (kindsByProtocol[listener.protocol] === undefined) {
    return isFalse(
      "Accepted",
      "UnsupportedProtocol",
      `${listener.protocol} is not a protocol that Gatewright serves; use one of ${Object.keys(kindsByProtocol).join(", ")}.`,
    );
  }
  if (refusal !== undefined) return isFalse("Accepted", "UnsupportedValue", refusal.message);
  if (options.refused !== undefined) return isFalse("Accepted", "UnsupportedValue", `tls.options: ${options.refused}`);
  return clients.refused ?? filters.refused ?? isTrue("Accepted", "Accepted", "The listener is valid.");
}
