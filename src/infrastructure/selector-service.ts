import { deepEqual } from "../collections/equal.ts";
import { selectorLabel, selectorPort } from "../gateway/selector-service.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { Service } from "../resources/generated/core.ts";
import type { XBackend } from "../resources/generated/gateway-api.ts";
import { managedBy } from "./names.ts";

/** What of a Service decides which endpoints Kubernetes finds for it. */
export type Selection = Pick<NonNullable<Service["spec"]>, "selector" | "ports">;

/**
 * What the Service of an XBackend selects; none where it selects no pods, or says itself where they are.
 *
 * GEP-4894, EndpointSelectorBackend: "the targetPort SHOULD be set to Backend.spec.port.number".
 */
export function selectionOf({ metadata, spec }: XBackend): Selection | undefined {
  const { port, endpointSelector } = spec;
  if (endpointSelector === undefined || port.number === undefined) return undefined;
  if (metadata.annotations?.[endpointsAnnotation] !== undefined) return undefined;
  return {
    selector: endpointSelector.matchLabels,
    ports: [selectorPort(port.number, "TCP"), selectorPort(port.number, "UDP")],
  };
}

/** A Service that has no name yet. */
export interface NewService {
  readonly apiVersion: "v1";
  readonly kind: "Service";
  readonly metadata: {
    readonly name: "";
    readonly generateName: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
  };
  readonly spec: object;
}

/**
 * The Service as it is made. GEP-4894: it is headless, belongs to the XBackend, and its name is made up, so that nobody relies on it.
 * Kubernetes finishes the name; ours is none that it would take.
 */
export function selectorService({ apiVersion, kind, metadata }: XBackend, selection: Selection): NewService {
  const { namespace = "default", name, uid = "" } = metadata;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "",
      generateName: "xbackend-",
      namespace,
      labels: { ...managedBy, [selectorLabel]: uid },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: false }],
    },
    spec: { clusterIP: "None", ...selection },
  };
}

/** Whether a Service selects what it is to. Only what is ours is compared: Kubernetes fills in the rest. */
export function selects({ spec }: Service, { selector, ports }: Selection): boolean {
  return (
    deepEqual(spec?.selector, selector) &&
    deepEqual(
      spec?.ports?.map(({ name, port, protocol, targetPort }) => ({ name, port, targetPort, protocol })),
      ports,
    )
  );
}

/** A merge patch that makes a Service select what it is to. */
export function selectionPatch({ spec }: Service, { selector, ports }: Selection): object {
  const removed = Object.fromEntries(Object.keys(spec?.selector ?? {}).map((label) => [label, null]));
  return { spec: { selector: { ...removed, ...selector }, ports } };
}
