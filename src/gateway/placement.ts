import type { Reader } from "../collections/collection.ts";
import type { AccessLog } from "../ir/access-log.ts";
import type { Gateway, GatewayClass, TracingConfig } from "../resources/generated/gateway-api.ts";
import type { Condition } from "./condition.ts";
import { refuseGateway } from "./gateway-acceptance.ts";
import type { Resources } from "./inputs.ts";
import { ifSet, type UnenforcedField } from "./not-enforced.ts";
import { namesParameters } from "./parameters-reference.ts";

/** Where one Gateway is served. */
export interface Place {
  /** The Envoy fleet that serves it, and perhaps others. */
  readonly proxy: string;
  /**
   * Its own key, where its sockets are its own although other Gateways are served by the same fleet: their ports, hostnames and
   * protocols are then no business of each other. Absent where Gateways of one fleet share its sockets.
   */
  readonly gateway?: string;
}

/** Key of the state of a Gateway's proxies among those that whoever runs them tells. */
export function stateKey({ proxy, gateway }: Place): string {
  return gateway ?? proxy;
}

/** A place, with what is known of it already. */
export interface GivenPlace extends Place {
  /** Where the fleet listens for the Gateway, by the port and transport that clients know: `80/TCP`. */
  readonly boundPorts?: Readonly<Record<string, number>>;
}

/** What the parameters of a Gateway say of logs and traces. */
export interface GivenTelemetry {
  /** How requests and connections are written down. */
  readonly accessLogs: readonly AccessLog[];
  /** Where no XTelemetryPolicy says anything. */
  readonly tracing?: GivenTracing;
}

export interface GivenTracing {
  readonly config: Omit<TracingConfig, "mode"> & Required<Pick<TracingConfig, "provider">>;
  /** The GatewayParameters that say so. */
  readonly writtenIn: { readonly namespace: string; readonly name: string };
}

/** Where Gateways are served, as far as their meaning depends on it. */
export interface Placement {
  readonly placeOf: (gateway: Gateway, reader: Reader, resources: Resources) => GivenPlace;
  /**
   * Why a Gateway as a whole can't be served here; undefined if it can. None of its listeners is served then, but for
   * {@link Placement.proxiesOutlastParameters}.
   */
  readonly refuse: (gateway: Gateway, reader: Reader, resources: Resources) => Condition | undefined;
  /** What a Gateway's parameters say of logs and traces; undefined where they can't be read. */
  readonly telemetry: (gateway: Gateway, reader: Reader, resources: Resources) => GivenTelemetry | undefined;
  /** What is wrong with the parameters of a class, in words; undefined if they are right. */
  readonly parametersProblem: (gatewayClass: GatewayClass, reader: Reader, resources: Resources) => string | undefined;
  /**
   * Whether proxies go on, as they are, when the parameters that say how they are to be can't be read (any more): those of the
   * Gateway, or of its class.
   */
  readonly proxiesOutlastParameters: boolean;
  /** Whether Envoy itself binds the address that a Gateway asks for; elsewhere somebody in front of it has it. */
  readonly bindsAddresses: boolean;
  /** What becomes of a hostname that a backend names: a Service of type ExternalName, an XBackend. */
  readonly externalHostname: (written: string) => ExternalHostname;
  /** Fields of a Gateway that mean something elsewhere, and nothing here. */
  readonly notEnforced: (gateway: Gateway, reader: Reader, resources: Resources) => readonly UnenforcedField[];
}

/** What DNS is asked for, or why it is not asked. */
export type ExternalHostname =
  | { readonly hostname: string; readonly problem?: undefined }
  | { readonly problem: string; readonly hostname?: undefined };

/** One Envoy on this machine serves every Gateway. */
export function onThisMachine(proxy: string): Placement {
  return {
    placeOf: () => ({ proxy }),
    telemetry: () => ({ accessLogs: [] }),
    refuse: refuseGateway,
    parametersProblem: noParameters,
    proxiesOutlastParameters: false,
    bindsAddresses: true,
    externalHostname: (hostname) => ({ hostname }),
    notEnforced: withoutCluster,
  };
}

/** GEP-1867: what a Gateway is given in a cluster, and how its proxies run there. */
function withoutCluster(
  { spec: { infrastructure, gatewayClassName } }: Gateway,
  reader: Reader,
  { GatewayClass }: Resources,
): readonly UnenforcedField[] {
  const because = "It is for what a Gateway is given in a cluster; here, one Envoy on this machine serves it.";
  const path = ["spec", "infrastructure"];
  // What is of another kind is refused.
  const [own, ofClass] = [
    infrastructure?.parametersRef,
    reader.fetch(GatewayClass, gatewayClassName)?.spec.parametersRef,
  ].map((reference) => (reference !== undefined && namesParameters(reference) ? reference : undefined));
  return [
    ...ifSet(infrastructure?.labels, [...path, "labels"], because),
    ...ifSet(infrastructure?.annotations, [...path, "annotations"], because),
    ...ifSet(own, [...path, "parametersRef"], because),
    ...(ofClass === undefined
      ? []
      : [{ path: ["spec", "gatewayClassName"], part: `the parameters of ${gatewayClassName}`, because }]),
  ];
}

function noParameters({ spec }: GatewayClass): string | undefined {
  const reference = spec.parametersRef;
  if (reference === undefined || namesParameters(reference)) return undefined;
  const group = reference.group === "" ? "core" : reference.group;
  return `spec.parametersRef names ${reference.kind} ${reference.name} of group ${group}: Gatewright reads no parameters of that kind. Remove spec.parametersRef.`;
}
