import { networkPolicy, now, object, proxyDeployment, the } from "./world.ts";

export const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
export const unready = { readyReplicas: 0 };
export const gateway = the("Gateway shop/edge");
export const programmed = (status: string, reason: string, message: string, observedGeneration = 1) => ({
  ...gateway,
  status: { conditions: [{ type: "Programmed", status, reason, message, observedGeneration }] },
});
export const waiting = (reason: string, message: string) => ({
  phase: "Pending",
  conditions: [{ type: "Ready", status: "False" }],
  containerStatuses: [{ name: "envoy", image: "registry/envoy:9", state: { waiting: { reason, message } } }],
});
export const unscheduled = (message: string) => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
export const failing = (message: string) =>
  proxyDeployment({ conditions: [{ type: "ReplicaFailure", status: "True", message }] });
export const service = (status: object) => ({ ...the("Service shop/edge-gatewright"), status });
export const proxies = "Pod shop/edge-gatewright-1";
export const denyAll = (namespace: string, type: string, rules: object = {}) =>
  networkPolicy(`${namespace}/deny`, { podSelector: {}, policyTypes: [type], ...rules });
export const toController = {
  podSelector: { matchLabels: { "app.kubernetes.io/name": "gatewright" } },
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "gatewright-system" } },
};
export const webhook = (failurePolicy: string, name: string) =>
  object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "injector", {
    webhooks: [
      {
        name: "inject.example.com",
        failurePolicy,
        clientConfig: { service: { namespace: "shop", name } },
        rules: [{ apiGroups: ["*"], resources: ["pods"] }],
      },
    ],
  });
