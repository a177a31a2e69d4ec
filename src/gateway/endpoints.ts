import { isIP } from "node:net";
import type { Endpoint } from "../ir/cluster.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { EndpointSlice, Endpoints, Service, ServicePort } from "../resources/generated/core.ts";

/** Label that Kubernetes puts on an EndpointSlice to say whose it is. */
export const serviceNameLabel = "kubernetes.io/service-name";

/** Everything in which a Service's addresses may be written down. */
export interface EndpointSources {
  readonly slices: readonly EndpointSlice[];
  readonly endpoints: Endpoints | undefined;
}

/**
 * The endpoints of one port of a Service, sorted and without duplicates.
 *
 * The annotation decides if it is there; then EndpointSlices; then Endpoints, as for a Service without a selector.
 * Ready endpoints take traffic, terminating or not. All count as ready where the Service says `publishNotReadyAddresses`:
 * Kubernetes writes its own EndpointSlices so, and those of other hands are read so. Terminating ones that are not ready but still serve are draining. All others are left out.
 */
export function endpointsOf(service: Service, port: ServicePort, sources: EndpointSources): readonly Endpoint[] {
  const annotation = service.metadata.annotations?.[endpointsAnnotation];
  const allReady = service.spec?.publishNotReadyAddresses === true;
  const found =
    annotation !== undefined
      ? writtenEndpoints(annotation, port.name)
      : sources.slices.length > 0
        ? sources.slices.flatMap((slice) => sliced(slice, port, allReady))
        : sources.endpoints === undefined
          ? []
          : listed(sources.endpoints, port, allReady);
  return inOrder(found);
}

/** Sorted and without duplicates, so that equal sets are equal. One that is healthy anywhere is healthy. */
export function inOrder(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const key = `${endpoint.address} ${endpoint.port}`;
    if (byAddress.get(key)?.health !== "healthy") byAddress.set(key, endpoint);
  }
  return [...byAddress.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, endpoint]) => endpoint);
}

/** Those of {@link endpointsAnnotation} for a port. */
export function writtenEndpoints(annotation: string, name: string | undefined): readonly Endpoint[] {
  const entries = parseEndpointsAnnotation(annotation).flatMap((entry) => (entry.problem === undefined ? [entry] : []));
  const named = entries.filter(({ portName }) => portName !== undefined && portName === name);
  const found = named.length > 0 ? named : entries.filter(({ portName }) => portName === undefined);
  return inOrder(found.map((entry): Endpoint => ({ address: entry.address, port: entry.port, health: "healthy" })));
}

/** One entry of the annotation, or what is wrong with it. */
export type AnnotatedEndpoint =
  | { readonly portName?: string; readonly address: string; readonly port: number; readonly problem?: undefined }
  | { readonly problem: string };

export function parseEndpointsAnnotation(annotation: string): readonly AnnotatedEndpoint[] {
  return annotation
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry): AnnotatedEndpoint => {
      const match =
        /^(?:(?<portName>[a-z0-9-]+)=)?(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/.exec(entry);
      const groups = match?.groups;
      if (groups === undefined) return { problem: `"${entry}" is not HOST:PORT or NAME=HOST:PORT` };
      const host = groups["ipv6"] ?? groups["host"] ?? "";
      const address = host === "localhost" ? "127.0.0.1" : host;
      const port = Number(groups["port"]);
      if (isIP(address) === 0)
        return { problem: `"${host}" is not an IP address; for a DNS name use a Service of type ExternalName` };
      if (port < 1 || port > 65_535) return { problem: `${port} is not a port` };
      const portName = groups["portName"];
      return { ...(portName === undefined ? {} : { portName }), address, port };
    });
}

function sliced(slice: EndpointSlice, port: ServicePort, allReady: boolean): readonly Endpoint[] {
  if (slice.addressType === "FQDN") return [];
  const numbers = (slice.ports ?? []).flatMap((candidate) =>
    samePort(candidate, port) && candidate.port !== undefined ? [candidate.port] : [],
  );
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const { ready = true, terminating = false, serving = ready } = allReady ? {} : (endpoint.conditions ?? {});
    const health = ready ? "healthy" : terminating && serving ? "draining" : undefined;
    if (health === undefined) return [];
    // All addresses of one endpoint are the same backend; Kubernetes writes exactly one.
    return endpoint.addresses
      .slice(0, 1)
      .flatMap((address) => numbers.map((number): Endpoint => ({ address, port: number, health })));
  });
}

function listed(endpoints: Endpoints, port: ServicePort, allReady: boolean): readonly Endpoint[] {
  return (endpoints.subsets ?? []).flatMap((subset) =>
    (subset.ports ?? [])
      .filter((candidate) => samePort(candidate, port))
      .flatMap((candidate) =>
        [...(subset.addresses ?? []), ...((allReady && subset.notReadyAddresses) || [])].map(
          (address): Endpoint => ({ address: address.ip, port: candidate.port, health: "healthy" }),
        ),
      ),
  );
}

/** Ports of a Service and of its endpoints belong together by name and protocol. */
function samePort(candidate: { readonly name?: string; readonly protocol?: string }, port: ServicePort): boolean {
  return (candidate.name ?? "") === (port.name ?? "") && (candidate.protocol ?? "TCP") === (port.protocol ?? "TCP");
}
