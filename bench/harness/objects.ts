import type { ApiObject } from "../../src/kubernetes/api-object.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";

/** A namespace, and the service account that its pods want; Kubernetes would make it a while later. */
export function namespaceObjects(name: string): readonly ApiObject[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: name } },
  ];
}

/** The Gateway that benchmarks serve: `bench/edge`, HTTP on port 80, with routes of all namespaces. */
export const gateway = { namespace: "bench", name: "edge" } as const;

/** The Service, and the Deployment, whose pods are replaced. */
export const rolledService = { namespace: gateway.namespace, name: "rolled" } as const;

/** {@link gateway} as an object. */
export function gatewayObject(gatewayClassName: string): ApiObject {
  return {
    apiVersion: gatewayApi,
    kind: "Gateway",
    metadata: gateway,
    spec: {
      gatewayClassName,
      listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }],
    },
  };
}

/** An HTTPRoute on {@link gateway}. */
export function httpRoute(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  hostname: string,
  rules: readonly object[],
): ApiObject {
  const parentRefs = [{ ...gateway }];
  return {
    apiVersion: gatewayApi,
    kind: "HTTPRoute",
    metadata: { namespace, name },
    spec: { parentRefs, hostnames: [hostname], rules },
  };
}

/** A Service of port 80 for the pods that are labelled `app: NAME`. */
export function service({ namespace, name }: { readonly namespace: string; readonly name: string }): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name, labels: { [proxiedByNobody]: "none" } },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  };
}

// kube-proxy leaves these alone: thousands of Services that nobody asks by their address would only take its time, and the machine's.
const proxiedByNobody = "service.kubernetes.io/service-proxy-name";
