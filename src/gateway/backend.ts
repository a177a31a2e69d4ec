import type { Collection, Reader } from "../collections/collection.ts";
import type { Cluster } from "../ir/cluster.ts";
import type { ServicePort } from "../resources/generated/core.ts";
import type { BackendObjectReference } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import type { BackendService } from "./backend-service.ts";
import type { Problem } from "./problem.ts";
import { type GrantsByNamespace, mayRefer, missingGrant, missingGrantReference } from "./reference-grant.ts";
import { gatewayGroup, type RouteKind } from "./route-kind.ts";

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
  | { readonly target: BackendTarget; readonly problem?: undefined }
  | { readonly target?: undefined; readonly problem: Problem };

export interface BackendContext {
  readonly services: Collection<BackendService>;
  readonly grants: GrantsByNamespace;
}

/**
 * Finds the Service port that a backendRef means.
 *
 * Gateway API, BackendObjectReference: a Service of the route's namespace, or of another that grants it; `port` is one
 * of the Service's ports. What can't be resolved says which rule refused it, and its share of traffic is refused.
 */
export function resolveBackend(
  reader: Reader,
  { services, grants }: BackendContext,
  kind: RouteKind,
  routeNamespace: string,
  reference: BackendObjectReference,
  origin: Origin,
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
  const from = { group: gatewayGroup, kind, namespace: routeNamespace };
  const to = { group: "", kind: "Service", namespace, name: reference.name };
  if (!mayRefer(reader, grants, from, to))
    return refused("RefNotPermitted", missingGrant(from, to), missingGrantReference(to));
  const key = `${namespace}/${reference.name}`;
  const service = reader.fetch(services, key);
  if (service === undefined) return refused("BackendNotFound", `There is no Service ${key}.`, to);
  const transport = kind === "UDPRoute" ? "UDP" : "TCP";
  if (service.externalName !== undefined && kind !== "HTTPRoute" && kind !== "GRPCRoute") {
    return refused("InvalidKind", `Service ${key} is of type ExternalName, which a ${kind} can't send to.`);
  }
  const port = findPort(service, reference.port, transport);
  if (port === undefined) {
    const known = service.ports.map((candidate) => `${candidate.port}/${candidate.protocol ?? "TCP"}`).join(", ");
    return refused(
      "BackendNotFound",
      `Service ${key} has no ${transport} port ${reference.port ?? "(backendRef.port is missing)"}; it has ${known || "no ports"}.`,
    );
  }
  const spoken = speak(kind, port);
  return spoken === undefined
    ? refused(
        "UnsupportedProtocol",
        `Port ${port.port} of Service ${key} speaks ${port.appProtocol} (appProtocol), and ${kind}s can't be served with that.`,
      )
    : { target: { service: key, port: port.port, ...spoken } };
}

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

/** Gateway API, GEP-1911: `appProtocol` of the Service's port decides what is spoken to it. Undefined if it does not fit the route. */
function speak(kind: RouteKind, port: ServicePort): Pick<BackendTarget, "protocol" | "tls"> | undefined {
  if (kind === "UDPRoute") return { protocol: "UDP", tls: false };
  if (kind === "TCPRoute" || kind === "TLSRoute") return { protocol: "TCP", tls: false };
  const usual: BackendProtocol = kind === "GRPCRoute" ? "HTTP/2" : "HTTP/1.1";
  switch (port.appProtocol) {
    case "kubernetes.io/h2c":
    case "kubernetes.io/grpc":
    case "grpc":
      return { protocol: "HTTP/2", tls: false };
    case "kubernetes.io/ws":
      return kind === "GRPCRoute" ? undefined : { protocol: "HTTP/1.1", tls: false };
    case "kubernetes.io/wss":
      return kind === "GRPCRoute" ? undefined : { protocol: "HTTP/1.1", tls: true };
    case "https":
      return { protocol: usual, tls: true };
    default:
      return port.appProtocol?.startsWith("kubernetes.io/") === true ? undefined : { protocol: usual, tls: false };
  }
}

/** @example clusterName({ service: "shop/cart", port: 80, protocol: "HTTP/1.1", tls: false })  // "Service/shop/cart/80/http1" */
export function clusterName({ service, port, protocol, tls }: BackendTarget): string {
  return `Service/${service}/${port}/${variants[protocol]}${tls ? "+tls" : ""}`;
}

const variants = { "HTTP/1.1": "http1", "HTTP/2": "http2", TCP: "tcp", UDP: "udp" } as const;
