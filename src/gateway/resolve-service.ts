import type { Reader } from "../collections/collection.ts";
import type { ServicePort } from "../resources/generated/core.ts";
import {
  type AllowedReference,
  type BackendContext,
  type BackendProtocol,
  type BackendTarget,
  invalidBackendTls,
  type ResolvedBackend,
} from "./backend.ts";
import type { BackendService } from "./backend-service.ts";
import { backendKey, ofPort, type PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import type { RouteKind } from "./route-kind.ts";

/** The port of a Service that a reference means: one that the Service has. */
export function resolveService(
  reader: Reader,
  { services, tlsHolders }: BackendContext,
  { reference, key, spokenAs, refused, origin }: AllowedReference,
): ResolvedBackend {
  const service = reader.fetch(services, key);
  if (service === undefined) {
    const [namespace, name = ""] = key.split("/");
    const missing = { group: "", kind: "Service", ...(namespace === undefined ? {} : { namespace }), name };
    return refused("BackendNotFound", `There is no Service ${key}.`, missing);
  }
  if (service.external?.problem !== undefined) {
    return refused("RefNotPermitted", `Service ${key} is of type ExternalName, and ${service.external.problem}`);
  }
  const transport = spokenAs === "UDPRoute" ? "UDP" : "TCP";
  const port = findPort(service, reference.port, transport);
  if (port === undefined) {
    const known = service.ports.map((candidate) => `${candidate.port}/${candidate.protocol ?? "TCP"}`).join(", ");
    const { problem } = refused(
      "BackendNotFound",
      `Service ${key} has no ${transport} port ${reference.port ?? "(backendRef.port is missing)"}; it has ${known || "no ports"}.`,
    );
    return { problem: { ...problem, code: "backend-port-not-found" } };
  }
  const backend = backendKey("Service", key);
  const use: PolicyTarget = { backend, ...(port.name === undefined ? {} : { portName: port.name }) };
  const holder = spokenAs === "UDPRoute" ? undefined : ofPort(reader, tlsHolders, backend, port.name);
  const spoken = speak(spokenAs, port, holder !== undefined);
  if (spoken === undefined) {
    const protocolRefused = refused(
      "UnsupportedProtocol",
      `Port ${port.port} of Service ${key} speaks ${port.appProtocol} (appProtocol), and ${spokenAs}s can't be served with that.`,
    );
    return { ...protocolRefused, use };
  }
  const target: BackendTarget = { backend, port: port.port, ...spoken };
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

/** A Service of type ExternalName need not list its ports: there, the route's is the one that is connected to. */
function findPort(
  { ports, external }: BackendService,
  port: number | undefined,
  transport: "TCP" | "UDP",
): ServicePort | undefined {
  if (port === undefined) return undefined;
  if (external !== undefined && ports.length === 0) return { port, protocol: transport };
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
