import type { Service, ServicePort } from "../resources/generated/core.ts";

/**
 * Label of the Service that Gatewright makes for an XBackend of type EndpointSelector, so that Kubernetes finds its endpoints: the
 * `uid` of the XBackend. GEP-4894, "Stop-Gap: Service Backing".
 */
export const selectorLabel = "gatewright.dev/xbackend-uid";

export function selectorKey(namespace: string, uid: string): string {
  return `${namespace}/${uid}`;
}

/** {@link selectorKey} of the XBackend that a Service was made for. */
export function selectorKeyOf({ metadata }: Service): string | undefined {
  const uid = metadata.labels?.[selectorLabel];
  return uid === undefined ? undefined : selectorKey(metadata.namespace ?? "default", uid);
}

/** Its port for a transport. It has one for each, since it is the route that says which is spoken. */
export function selectorPort(number: number, protocol: "TCP" | "UDP"): ServicePort & { readonly name: string } {
  return { name: protocol.toLowerCase(), port: number, targetPort: number, protocol };
}
