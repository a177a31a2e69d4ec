import type { KubernetesObject } from "../resources/object.ts";

/** Whether an EndpointSlice or Endpoints was written by one of Kubernetes' controllers: what is in it is no choice of anybody's. */
export function isWrittenByKubernetes({ metadata: { labels, annotations } }: KubernetesObject): boolean {
  return (
    labels?.["endpointslice.kubernetes.io/managed-by"]?.endsWith("-controller.k8s.io") === true ||
    labels?.["endpoints.kubernetes.io/managed-by"] !== undefined ||
    annotations?.["endpoints.kubernetes.io/last-change-trigger-time"] !== undefined
  );
}
