import { KubernetesClient } from "../../../src/kubernetes/client.ts";
import { findCluster } from "../../../src/kubernetes/kubeconfig.ts";

/** The administrator's client, of the cluster that KUBECONFIG names. */
export function administrator(): KubernetesClient {
  return new KubernetesClient(findCluster({}));
}
