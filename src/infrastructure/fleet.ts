import type { Gateway, GatewayClass } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import type { ManifestMetadata, OwnerReference } from "./manifest.ts";
import { baseName, boundedName, managedBy, numberedName } from "./names.ts";

/** Proxies that get one configuration, and what is made for them: of one Gateway, or shared by all Gateways of a class. */
export interface Fleet {
  /** The name by which the xDS server knows them: `proxy` of the IR, and in their certificate. */
  readonly proxy: string;
  /** Key of the Gateway, of one that has them to itself. */
  readonly gateway?: string;
  /** Of the Deployment, and of all that its pods need. */
  readonly metadata: ManifestMetadata;
  /** Labels of the pods, by which Deployment and Services find them; those of the Deployment can't be changed later. */
  readonly selector: Readonly<Record<string, string>>;
}

/** Where the Services of a Gateway are, and which pods they lead to. */
export interface Exposure {
  /** Of the Service that every Gateway has; others are named after it. */
  readonly metadata: ManifestMetadata;
  readonly selector: Readonly<Record<string, string>>;
}

const classLabel = "gateway.networking.k8s.io/gateway-class-name";
const nameLabel = "gateway.networking.k8s.io/gateway-name";
/** On what a shared fleet is made of: tells its pods from those of Gateways of the class that have proxies of their own. */
const fleetLabel = "gatewright.dev/fleet";
/** Which Gateway (`namespace/name`) an object belongs to whose owner is the class: owners can't be in other namespaces. */
export const gatewayAnnotation = "gatewright.dev/gateway";
/** Which fleet a Gateway's Service leads to. */
export const fleetAnnotation = "gatewright.dev/proxy";

/** Labels by which we, and others, find what is made for a Gateway: nobody else's word counts for them (GEP-1762). */
export function ownLabels({ metadata, spec }: Gateway): Readonly<Record<string, string>> {
  return { ...common, [nameLabel]: boundedName(metadata.name), [classLabel]: boundedName(spec.gatewayClassName) };
}

const common = {
  "app.kubernetes.io/name": "gatewright-proxy",
  "app.kubernetes.io/component": "proxy",
  ...managedBy,
};

/** The proxies that serve one Gateway: in its namespace, with what `spec.infrastructure` asks for, and gone when it is. */
export function fleetOfGateway(gateway: Gateway): Fleet {
  const { metadata, spec } = gateway;
  return {
    proxy: keyOf(gateway),
    gateway: keyOf(gateway),
    metadata: {
      name: baseName(metadata.name, spec.gatewayClassName),
      namespace: metadata.namespace ?? "default",
      labels: { ...spec.infrastructure?.labels, ...ownLabels(gateway) },
      annotations: { ...spec.infrastructure?.annotations },
      ownerReferences: [ownerReference("Gateway", metadata)],
    },
    selector: {
      ...managedBy,
      [nameLabel]: boundedName(metadata.name),
      [classLabel]: boundedName(spec.gatewayClassName),
    },
  };
}

/**
 * The proxies that all Gateways of a class share. They stand as long as the class asks for them, with and without Gateways, so that
 * the first Gateway waits for no pod.
 *
 * Their name has no "/": no Gateway has such a key, and so none can take its configuration.
 *
 * @param namespace of the parameters that ask for it: certificates of many namespaces come to these pods, so they are where only the
 *   infrastructure provider, who writes those parameters, may look into pods
 */
export function fleetOfClass({ metadata }: GatewayClass, namespace: string): Fleet {
  const selector = sharedSelector(metadata.name);
  return {
    proxy: metadata.name,
    metadata: {
      name: sharedFleetName(metadata.name),
      namespace,
      labels: { ...common, ...selector },
      annotations: {},
      ownerReferences: [ownerReference("GatewayClass", metadata)],
    },
    selector,
  };
}

/** Labels of the pods of the fleet of a class, and of what runs them. */
export function sharedSelector(gatewayClass: string): Readonly<Record<string, string>> {
  return { ...managedBy, [classLabel]: boundedName(gatewayClass), [fleetLabel]: "shared" };
}

/** @example sharedFleetName("edge")  // "edge-proxies" */
export function sharedFleetName(gatewayClass: string): string {
  return baseName(gatewayClass, "proxies");
}

/** The Services of a Gateway: beside its fleet, whose pods they select. */
export function exposureOf(gateway: Gateway, fleet: Fleet): Exposure {
  if (fleet.proxy === keyOf(gateway)) return fleet;
  const { spec } = gateway;
  return {
    metadata: {
      name: sharedServiceName(gateway),
      namespace: fleet.metadata.namespace,
      labels: { ...spec.infrastructure?.labels, ...ownLabels(gateway) },
      annotations: {
        ...spec.infrastructure?.annotations,
        [gatewayAnnotation]: keyOf(gateway),
        [fleetAnnotation]: fleet.proxy,
      },
      ownerReferences: fleet.metadata.ownerReferences,
    },
    selector: fleet.selector,
  };
}

function ownerReference(
  kind: "Gateway" | "GatewayClass",
  { name, uid = "" }: { readonly name: string; readonly uid?: string | undefined },
): OwnerReference {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * The name of a Gateway's Service beside a shared fleet, where Gateways of all namespaces have theirs.
 *
 * @example sharedServiceName(gateway)  // "public-edge-gatewright-5f0c1ab2", of edge/public
 */
export function sharedServiceName(gateway: Gateway): string {
  const { metadata, spec } = gateway;
  const { name, namespace = "default" } = metadata;
  return numberedName(baseName(`${name}-${namespace}`, spec.gatewayClassName), keyOf(gateway));
}
