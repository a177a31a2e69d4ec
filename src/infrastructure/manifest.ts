import type { Gateway } from "../resources/generated/gateway-api.ts";
import { baseName, managedBy, selectorLabels } from "./names.ts";

/** An object as it is to be, for server-side apply: the fields that are ours, and no others. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: ManifestKind;
  readonly metadata: ManifestMetadata;
  readonly [field: string]: unknown;
}

export type ManifestKind =
  | "ConfigMap"
  | "DaemonSet"
  | "Deployment"
  | "HorizontalPodAutoscaler"
  | "PodDisruptionBudget"
  | "Secret"
  | "Service"
  | "ServiceAccount";

export interface ManifestMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
  readonly blockOwnerDeletion: true;
}

/** Labels of everything that is made for a Gateway: those of `spec.infrastructure`, and ours, which win. */
export function labelsOf(gateway: Gateway): Readonly<Record<string, string>> {
  return { ...gateway.spec.infrastructure?.labels, ...ownLabels(gateway) };
}

/** Those by which we, and others, find what is made for a Gateway: nobody else's word counts for them. */
export function ownLabels(gateway: Gateway): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": "gatewright-proxy",
    "app.kubernetes.io/component": "proxy",
    ...managedBy,
    ...selectorLabels(gateway),
  };
}

/**
 * Metadata of an object that is made for a Gateway: in its namespace, found by its labels (GEP-1762), with the labels and
 * annotations that `spec.infrastructure` asks for, and gone when the Gateway is.
 */
export function metadataOf(
  gateway: Gateway,
  name = baseName(gateway.metadata.name, gateway.spec.gatewayClassName),
): ManifestMetadata {
  return {
    name,
    namespace: gateway.metadata.namespace ?? "default",
    labels: labelsOf(gateway),
    annotations: { ...gateway.spec.infrastructure?.annotations },
    ownerReferences: [
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "Gateway",
        name: gateway.metadata.name,
        uid: gateway.metadata.uid ?? "",
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}
