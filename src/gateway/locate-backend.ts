import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Endpoint, UpstreamTls } from "../ir/cluster.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { EndpointSlice, Service, ServicePort } from "../resources/generated/core.ts";
import type { XBackend } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import type { BackendTarget } from "./backend.ts";
import { certificateName } from "./certificate.ts";
import { endpointsOf, inOrder, serviceNameLabel, writtenEndpoints } from "./endpoints.ts";
import type { Resources } from "./inputs.ts";
import type { Placement } from "./placement.ts";
import { keyOfBackend, ofPort } from "./policy-target.ts";
import { experimentalGroup } from "./route-kind.ts";
import { selectorKey, selectorKeyOf, selectorPort } from "./selector-service.ts";
import { offeredOverConnections, type ReadXBackend } from "./x-backend.ts";

/** Where a backend is and how it is spoken to: what no route needs to know. */
export interface LocatedBackend {
  /** What it is called in DNS; one without has endpoints. */
  readonly hostname?: string;
  /** Of the Service's port. */
  readonly portName?: string;
  /** Where the port is written. */
  readonly origin: Origin;
  readonly endpoints: () => readonly Endpoint[];
  /** @param clientCertificate key of the Secret that the Gateway shows to Services in TLS */
  readonly tls: (clientCertificate: string | undefined) => UpstreamTls;
}

export interface BackendLocator {
  /** Services that were made for XBackends, by {@link selectorKey}. */
  readonly selectorServices: Collection<readonly Member<Service>[]>;
  /** Where a backend is; undefined if it is not there. */
  readonly locate: (reader: Reader, target: BackendTarget) => LocatedBackend | undefined;
}

/** @param tls what BackendTLSPolicies ask for, by target */
export function deriveBackendLocator(
  graph: Graph,
  resources: Resources,
  placement: Pick<Placement, "externalHostname">,
  xBackends: Collection<ReadXBackend>,
  tls: Collection<UpstreamTls>,
): BackendLocator {
  const slices = graph.group("slicesByService", resources.EndpointSlice, (slice) => {
    const service = slice.metadata.labels?.[serviceNameLabel];
    return service === undefined ? [] : [`${slice.metadata.namespace ?? "default"}/${service}`];
  });
  const selectors = graph.group("selectorServices", resources.Service, (service) => {
    const key = selectorKeyOf(service);
    return key === undefined ? [] : [key];
  });
  const slicesOf = ({ fetch }: Reader, key: string) => values(fetch(slices, key));

  const locateService = (reader: Reader, target: BackendTarget, key: string): LocatedBackend | undefined => {
    const service = reader.fetch(resources.Service, key);
    if (service === undefined) return undefined;
    const port = portOf(service, target);
    const external = service.spec?.type === "ExternalName" ? service.spec.externalName : undefined;
    const hostname = external === undefined ? undefined : placement.externalHostname(external).hostname;
    const { namespace = "default", name } = service.metadata;
    return {
      ...(hostname === undefined ? {} : { hostname }),
      ...(port?.name === undefined ? {} : { portName: port.name }),
      origin: { resource: { group: "", kind: "Service", namespace, name }, path: ["spec", "ports"] },
      endpoints: () => {
        if (port === undefined) return [];
        const endpoints = reader.fetch(resources.Endpoints, key);
        return endpointsOf(service, port, { slices: slicesOf(reader, key), endpoints });
      },
      // What a policy asks for; a Service that asks for TLS itself is not verified.
      tls: (shown) => ({
        ...(ofPort(reader, tls, target.backend, port?.name) ??
          (external === undefined ? {} : { serverName: external })),
        ...(shown === undefined ? {} : { clientCertificate: certificateName(shown) }),
      }),
    };
  };

  const locateXBackend = (reader: Reader, target: BackendTarget, key: string): LocatedBackend | undefined => {
    const read = reader.fetch(xBackends, key);
    const object = reader.fetch(resources.XBackend, key);
    if (read === undefined || object === undefined) return undefined;
    const { namespace = "default", name, uid } = object.metadata;
    return {
      ...(read.hostname === undefined ? {} : { hostname: read.hostname }),
      origin: { resource: { group: experimentalGroup, kind: "XBackend", namespace, name }, path: ["spec"] },
      endpoints: () => {
        const services = uid === undefined ? [] : (reader.fetch(selectors, selectorKey(namespace, uid)) ?? []);
        const transport = target.protocol === "UDP" ? "UDP" : "TCP";
        return endpointsOfXBackend(object, transport, services, (service) => slicesOf(reader, service));
      },
      tls: () => ({ ...read.tls, ...(target.protocol === "TCP" ? offeredOverConnections(read.protocol) : {}) }),
    };
  };

  return {
    selectorServices: selectors,
    locate: (reader, target) => {
      const service = keyOfBackend("Service", target.backend);
      if (service !== undefined) return locateService(reader, target, service);
      return locateXBackend(reader, target, keyOfBackend("XBackend", target.backend) ?? "");
    },
  };
}

/**
 * The endpoints of an XBackend of type EndpointSelector: those that it says itself, or those of the Services that were made for it.
 *
 * @param slicesOf of a Service, by its key
 */
export function endpointsOfXBackend(
  { metadata, spec }: XBackend,
  transport: "TCP" | "UDP",
  services: readonly Member<Service>[],
  slicesOf: (service: string) => readonly EndpointSlice[],
): readonly Endpoint[] {
  const written = metadata.annotations?.[endpointsAnnotation];
  if (written !== undefined) return writtenEndpoints(written, undefined);
  const port = selectorPort(spec.port.number ?? 0, transport);
  return inOrder(
    services.flatMap(({ key, value }) => endpointsOf(value, port, { slices: slicesOf(key), endpoints: undefined })),
  );
}

function portOf(service: Service, { port, protocol }: BackendTarget): ServicePort | undefined {
  const transport = protocol === "UDP" ? "UDP" : "TCP";
  return service.spec?.ports?.find(
    (candidate) => candidate.port === port && (candidate.protocol ?? "TCP") === transport,
  );
}

function values(members: readonly Member<EndpointSlice>[] | undefined): readonly EndpointSlice[] {
  return (members ?? []).map((member) => member.value);
}
