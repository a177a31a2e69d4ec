import type { Collection, Member } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { controllerName } from "../gateway/class.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { Place } from "../gateway/placement.ts";
import type { Semantics } from "../gateway/semantics.ts";
import { type Fleet, fleetOfClass, fleetOfGateway, sharedFleetName, sharedServiceName } from "./fleet.ts";
import { fleetInfrastructure, gatewayInfrastructure, type Infrastructure } from "./infrastructure.ts";
import { classParameters, gatewayParameters } from "./parameters.ts";
import type { ProxySettings } from "./proxy-container.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { exposedPorts } from "./services.ts";

/** Names of what a Gateway is given, and of the proxies that serve it. */
export interface Whereabouts {
  readonly namespace: string;
  /** Of the Deployment or DaemonSet. */
  readonly proxies: string;
  /** Of the Service that every Gateway has. */
  readonly service: string;
}

/** What Gateways and the fleets that they share are given. */
export interface InfrastructureCollections {
  /** By Gateway; missing where they can't be read. */
  readonly parameters: Collection<ProxyParameters>;
  /** Shared ones, by class. */
  readonly sharedFleets: Collection<Fleet>;
  /** By Gateway; there even where its parameters can't be read. */
  readonly whereabouts: Collection<Whereabouts>;
  /** The places of the Gateways that each fleet serves, by its proxy. */
  readonly gatewaysByProxy: Collection<readonly Member<Place>[]>;
  /** By Gateway, and by class for shared fleets. Missing where it can't be said: then what is there stays as it is. */
  readonly infrastructure: Collection<Infrastructure>;
}

export function deriveInfrastructure(
  graph: Graph,
  resources: Resources,
  { gateways, places, boundPorts, listenersByGateway }: Semantics,
  settings: ProxySettings,
): InfrastructureCollections {
  const shared = graph.derive("sharedFleetParameters", resources.GatewayClass, (gatewayClass, _key, reader) => {
    const { controllerName: controller, parametersRef } = gatewayClass.spec;
    if (controller !== controllerName || parametersRef?.namespace === undefined) return undefined;
    const found = classParameters(gatewayClass, reader, resources);
    if ("problem" in found || !found.parameters.sharedFleet) return undefined;
    return { fleet: fleetOfClass(gatewayClass, parametersRef.namespace), parameters: found.parameters };
  });
  const sharedFleets = graph.derive("sharedFleets", shared, ({ fleet }) => fleet);
  const parameters = graph.derive("proxyParameters", gateways, (gateway, _key, reader) => {
    const found = gatewayParameters(gateway, reader, resources);
    // Proxies that run are not changed by a mistake in what they are to be.
    return "problem" in found ? undefined : found.parameters;
  });
  const ofGateways = graph.derive("infrastructureOfGateways", gateways, (gateway, key, reader) => {
    const place = reader.fetch(places, key);
    const found = reader.fetch(parameters, key);
    // One that is on its way out is given nothing more.
    if (place === undefined || found === undefined || gateway.metadata.deletionTimestamp !== undefined)
      return undefined;
    const isShared = place.gateway !== undefined;
    const fleet = isShared ? reader.fetch(sharedFleets, place.proxy) : fleetOfGateway(gateway);
    if (fleet === undefined) return undefined;
    const listeners = (reader.fetch(listenersByGateway, key) ?? []).map(({ value }) => value);
    const own = isShared ? undefined : fleetInfrastructure(fleet, settings, found);
    return gatewayInfrastructure(gateway, fleet, own, exposedPorts(listeners, boundPorts, reader), found);
  });
  const ofFleets = graph.derive("infrastructureOfSharedFleets", shared, (found) =>
    fleetInfrastructure(found.fleet, settings, found.parameters),
  );
  const whereabouts = graph.derive("whereabouts", gateways, (gateway, key, { fetch }): Whereabouts => {
    const { name: proxies, namespace } = fleetOfGateway(gateway).metadata;
    const { gatewayClassName } = gateway.spec;
    const sharing =
      fetch(places, key)?.gateway === undefined ? undefined : fetch(resources.GatewayClass, gatewayClassName);
    return sharing === undefined
      ? { namespace, proxies, service: proxies }
      : {
          namespace: sharing.spec.parametersRef?.namespace ?? namespace,
          proxies: sharedFleetName(gatewayClassName),
          service: sharedServiceName(gateway),
        };
  });
  return {
    whereabouts,
    parameters,
    sharedFleets,
    gatewaysByProxy: graph.group("gatewaysByProxy", places, ({ proxy }) => [proxy]),
    infrastructure: graph.join("infrastructure", [ofGateways, ofFleets]),
  };
}
