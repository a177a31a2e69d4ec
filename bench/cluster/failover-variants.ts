import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { gateway } from "../harness/objects.ts";

/** One way to have a failing pod's requests elsewhere. */
export interface Variant {
  /** Of its Service, and the beginning of its hostname. */
  readonly id: string;
  readonly title: string;
  /** Of the rules' `retry`. */
  readonly attempts: number;
  readonly policy?: Policy;
}

interface Policy {
  /** Failures in a row after which a pod gets no requests for ten seconds, as often as that happened. */
  readonly consecutive?: number;
  /** Each pod is asked each second, and gets none from the first failure to the first success. */
  readonly checks?: true;
}

/** Those of gateway-api-bench, and one more: a single failure is enough. */
export const variants: readonly Variant[] = [
  { id: "default", title: "no retries", attempts: 0 },
  { id: "retries", title: "retries", attempts: 2 },
  { id: "outlier", title: "outlier detection, 5 in a row", attempts: 0, policy: { consecutive: 5 } },
  { id: "first", title: "outlier detection, 1", attempts: 0, policy: { consecutive: 1 } },
  { id: "checks", title: "health checks", attempts: 0, policy: { checks: true } },
];

/** How long a pod that failed gets no requests the first time. */
export const ejectionSeconds = 10;

/** How often health checks ask. */
export const checkSeconds = 1;

/** The routes of a variant carry this label. */
export const variantLabel = "variant";

/** What an implementation wants to be told for a variant's Service; undefined where it has no such thing. */
export function policyObject(implementation: string, { id, policy }: Variant): ApiObject | undefined {
  return policy === undefined ? undefined : policies[implementation]?.(id, policy);
}

const metadata = (name: string) => ({ namespace: gateway.namespace, name });
const time = `${ejectionSeconds}s`;
const interval = `${checkSeconds}s`;

const policies: Readonly<Record<string, (id: string, policy: Policy) => ApiObject | undefined>> = {
  gatewright: (id, { consecutive, checks }) => ({
    apiVersion: "gatewright.dev/v1alpha1",
    kind: "BackendTrafficPolicy",
    metadata: metadata(id),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: id }],
      ...(consecutive !== undefined && {
        outlierDetection: {
          consecutive5xxErrors: consecutive,
          interval: time,
          baseEjectionTime: time,
          maxEjectionPercent: 100,
        },
      }),
      ...(checks && {
        healthCheck: {
          http: { path: "/healthz" },
          interval,
          timeout: interval,
          unhealthyThreshold: 1,
          healthyThreshold: 1,
        },
      }),
    },
  }),
  "envoy-gateway": (id, { consecutive, checks }) => ({
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    kind: "BackendTrafficPolicy",
    metadata: metadata(id),
    spec: {
      targetSelectors: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", matchLabels: { [variantLabel]: id } }],
      healthCheck: {
        panicThreshold: 0,
        ...(consecutive !== undefined && {
          passive: {
            baseEjectionTime: time,
            interval: time,
            consecutive5XxErrors: consecutive,
            consecutiveGatewayErrors: consecutive,
            consecutiveLocalOriginFailures: consecutive,
            maxEjectionPercent: 100,
            splitExternalLocalOriginErrors: true,
          },
        }),
        ...(checks && {
          active: {
            type: "HTTP",
            http: { path: "/healthz", expectedStatuses: [200] },
            healthyThreshold: 1,
            unhealthyThreshold: 1,
            interval,
            timeout: interval,
          },
        }),
      },
    },
  }),
  // It has no health checks of its own.
  istio: (id, { consecutive }) =>
    consecutive === undefined
      ? undefined
      : {
          apiVersion: "networking.istio.io/v1",
          kind: "DestinationRule",
          metadata: metadata(id),
          spec: {
            host: `${id}.${gateway.namespace}.svc.cluster.local`,
            trafficPolicy: {
              outlierDetection: {
                baseEjectionTime: time,
                interval: time,
                consecutive5xxErrors: consecutive,
                consecutiveGatewayErrors: consecutive,
                consecutiveLocalOriginFailures: consecutive,
                maxEjectionPercent: 100,
                splitExternalLocalOriginErrors: true,
              },
            },
          },
        },
};
