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
