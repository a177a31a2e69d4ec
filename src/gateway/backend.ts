import type { Collection, Reader } from "../collections/collection.ts";
import type { Cluster } from "../ir/cluster.ts";
import type { ServicePort } from "../resources/generated/core.ts";
import type { BackendObjectReference } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import type { BackendService } from "./backend-service.ts";
import { ofPort, type PolicyHolder } from "./backend-tls.ts";
import type { PolicyTarget } from "./backend-tls-policy.ts";
import type { ListenerParentKind } from "./listener-parent.ts";
import type { Problem } from "./problem.ts";
import { type GrantsByNamespace, mayRefer, missingGrant, missingGrantReference } from "./reference-grant.ts";
import { gatewayGroup, isRouteKind, type RouteKind } from "./route-kind.ts";

/** How a route speaks to its backends where the Service does not say. */
export type BackendProtocol = Cluster["protocol"];

/** A port of a Service, and how it is spoken to: all that a cluster is made of. */
export interface BackendTarget {
  readonly service: string;
  readonly port: number;
  readonly protocol: BackendProtocol;
  readonly tls: boolean;
}

export type ResolvedBackend =
  | { readonly target: BackendTarget; readonly problem?: undefined; readonly use: PolicyTarget }
  | {
      readonly target?: undefined;
      readonly problem: Problem;
      readonly use?: PolicyTarget;
      /** Where bytes that are encrypted already may go: set where a policy for TLS that can't be enforced is all that is wrong. */
      readonly asIs?: BackendTarget;
    };

export interface BackendContext {
  readonly services: Collection<BackendService>;
  readonly grants: GrantsByNamespace;
  /** BackendTLSPolicies, by the Service and port that they hold. */
  readonly tlsHolders: Collection<PolicyHolder>;
}

/**
 * Finds the Service port that a backendRef means. `spokenAs` is set where it is spoken to as routes of another kind would.
 *
 * Gateway API, BackendObjectReference: a Service of the route's namespace, or of another that grants it; `port` is one
 * of the Service's ports. What can't be resolved says which rule refused it, and its share of traffic is refused.
 */
export function resolveBackend(
  reader: Reader,
  { services, grants, tlsHolders }: BackendContext,
  referrer: RouteKind | ListenerParentKind,
  routeNamespace: string,
  reference: BackendObjectReference,
  origin: Origin,
  spokenAs: RouteKind = isRouteKind(referrer) ? referrer : "HTTPRoute",
): ResolvedBackend {
  const refused = (reason: string, message: string, missing?: ResourceReference): ResolvedBackend => ({
    problem: { reason, message, origin, ...(missing === undefined ? {} : { missing }) },
  });
  if (reference.group !== "" || reference.kind !== "Service") {
    return refused(
      "InvalidKind",
      `Traffic goes to Services; ${reference.kind} of group "${reference.group}" is not a kind of backend that Gatewright knows.`,
    );
  }
  const namespace = reference.namespace ?? routeNamespace;
  const from = { group: gatewayGroup, kind: referrer, namespace: routeNamespace };
  const to = { group: "", kind: "Service", namespace, name: reference.name };
  if (!mayRefer(reader, grants, from, to))
    return refused("RefNotPermitted", missingGrant(from, to), missingGrantReference(to));
  const key = `${namespace}/${reference.name}`;
  const service = reader.fetch(services, key);
  if (service === undefined) return refused("BackendNotFound", `There is no Service ${key}.`, to);
  const transport = spokenAs === "UDPRoute" ? "UDP" : "TCP";
  if (service.externalName !== undefined && spokenAs !== "HTTPRoute" && spokenAs !== "GRPCRoute") {
    return refused("InvalidKind", `Service ${key} is of type ExternalName, which a ${spokenAs} can't send to.`);
  }
  const port = findPort(service, reference.port, transport);
  if (port === undefined) {
    const known = service.ports.map((candidate) => `${candidate.port}/${candidate.protocol ?? "TCP"}`).join(", ");
    return refused(
      "BackendNotFound",
      `Service ${key} has no ${transport} port ${reference.port ?? "(backendRef.port is missing)"}; it has ${known || "no ports"}.`,
    );
  }
  const use: PolicyTarget = { service: key, ...(port.name === undefined ? {} : { portName: port.name }) };
  const holder = spokenAs === "UDPRoute" ? undefined : ofPort(reader, tlsHolders, key, port.name);
  const spoken = speak(spokenAs, port, holder !== undefined);
  if (spoken === undefined) {
    const protocolRefused = refused(
      "UnsupportedProtocol",
      `Port ${port.port} of Service ${key} speaks ${port.appProtocol} (appProtocol), and ${spokenAs}s can't be served with that.`,
    );
    return { ...protocolRefused, use };
  }
  const target: BackendTarget = { service: key, port: port.port, ...spoken };
  if (holder?.refused === undefined) return { target, use };
  const message = `Nothing is sent to Service ${key}, because its BackendTLSPolicy ${holder.policy} can't be enforced: ${holder.refused.message}`;
  const { missing } = holder;
  const problem: Problem = {
    reason: invalidBackendTls,
    message,
    origin,
    ...(missing === undefined ? {} : { missing }),
  };
  return { problem, use, asIs: { ...target, tls: false } };
}

/** Reason of ours for ResolvedRefs: the backend is there, and may not be spoken to without the TLS that a policy asks for. */
export const invalidBackendTls = "InvalidBackendTLS";

/** A Service of type ExternalName need not list its ports: there, the route's is the one that is connected to. */
function findPort(
  { ports, externalName }: BackendService,
  port: number | undefined,
  transport: "TCP" | "UDP",
): ServicePort | undefined {
  if (port === undefined) return undefined;
  if (externalName !== undefined && ports.length === 0) return { port, protocol: transport };
  return ports.find((candidate) => candidate.port === port && (candidate.protocol ?? "TCP") === transport);
}

/**
 * Gateway API, GEP-1911: `appProtocol` of the Service's port decides what is spoken to it; a BackendTLSPolicy puts it
 * into TLS. Undefined if it does not fit the route.
 */
function speak(
  kind: RouteKind,
  port: ServicePort,
  policy: boolean,
): Pick<BackendTarget, "protocol" | "tls"> | undefined {
  if (kind === "UDPRoute") return { protocol: "UDP", tls: false };
  if (kind === "TCPRoute" || kind === "TLSRoute") return { protocol: "TCP", tls: policy };
  const usual: BackendProtocol = kind === "GRPCRoute" ? "HTTP/2" : "HTTP/1.1";
  // Names of IANA's registry, which these are but for Kubernetes' own, are the same in any case.
  const appProtocol = port.appProtocol?.toLowerCase();
  switch (appProtocol) {
    case "kubernetes.io/h2c":
    case "kubernetes.io/grpc":
    case "grpc":
      return { protocol: "HTTP/2", tls: policy };
    case "kubernetes.io/ws":
      return kind === "GRPCRoute" ? undefined : { protocol: "HTTP/1.1", tls: policy };
    case "kubernetes.io/wss":
      return kind === "GRPCRoute" ? undefined : { protocol: "HTTP/1.1", tls: true };
    case "https":
      return { protocol: usual, tls: true };
    default:
      return appProtocol?.startsWith("kubernetes.io/") === true ? undefined : { protocol: usual, tls: policy };
  }
}

/**
 * @param clientCertificate key of the Secret that is shown to backends in TLS
 * @example clusterName({ service: "shop/cart", port: 80, protocol: "HTTP/1.1", tls: false })  // "Service/shop/cart/80/http1"
 */
export function clusterName({ service, port, protocol, tls }: BackendTarget, clientCertificate?: string): string {
  const shown = !tls || clientCertificate === undefined ? "" : `@${clientCertificate}`;
  return `Service/${service}/${port}/${variants[protocol]}${tls ? "+tls" : ""}${shown}`;
}

const variants = { "HTTP/1.1": "http1", "HTTP/2": "http2", TCP: "tcp", UDP: "udp" } as const;
