import type { GivenTracing } from "../gateway/placement.ts";
import type {
  AccessLog,
  DisruptionBudget,
  Drain,
  Envoy,
  GatewayParametersSpec,
  Pod,
  ProxyService,
  Resources,
  Workload,
} from "../resources/generated/gatewright-api.ts";
import type { ObjectMeta } from "../resources/object.ts";
import { tracingOf } from "./tracing.ts";

/** How the proxies of a Gateway run and are reached, when everybody has been asked: the Gateway, its class, and the defaults. */
export interface ProxyParameters {
  readonly workload: Workload & Required<Pick<Workload, "kind">>;
  readonly disruptionBudget?: DisruptionBudget;
  readonly pod: Pod;
  readonly envoy: Omit<Envoy, "resources"> & { readonly resources: Resources } & Required<
      Pick<Envoy, "concurrency" | "logLevel">
    >;
  readonly drain: Required<Drain>;
  readonly service: ProxyService & Required<Pick<ProxyService, "type" | "ipFamilyPolicy">>;
  readonly accessLogs: readonly AccessLog[];
  readonly tracing?: GivenTracing;
  /** All Gateways of the class are served by one fleet. */
  readonly sharedFleet: boolean;
}

/** What holds where neither a Gateway's parameters nor its class's say anything. */
export const defaultParameters: ProxyParameters = {
  workload: { kind: "Deployment" },
  pod: {},
  envoy: { resources: { requests: { cpu: "100m", memory: "128Mi" } }, concurrency: 2, logLevel: "warning" },
  drain: { lameDuckSeconds: 5, seconds: 30 },
  service: { type: "LoadBalancer", ipFamilyPolicy: "PreferDualStack" },
  accessLogs: [],
  sharedFleet: false,
};

/**
 * Parameters over others: field by field, maps by key; lists, tracing and what is Kubernetes' own (an affinity, a scaling behavior)
 * whole.
 *
 * Of what excludes each other (replicas, autoscaling and a DaemonSet; both bounds of a disruption budget; a host's network and its
 * ports), what `over` says takes the place of what `base` says.
 *
 * @example merged(defaultParameters, { workload: { replicas: 3 } }, { name: "edge" }).workload  // { kind: "Deployment", replicas: 3 }
 */
export function merged(base: ProxyParameters, over: GatewayParametersSpec, metadata: ObjectMeta): ProxyParameters {
  const { disruptionBudget = base.disruptionBudget } = over;
  const tracing = over.tracing === undefined ? base.tracing : tracingOf(over.tracing, metadata);
  return {
    workload: mergedWorkload(base.workload, over.workload ?? {}),
    ...(disruptionBudget === undefined ? {} : { disruptionBudget }),
    pod: mergedPod(base.pod, over.pod ?? {}),
    envoy: {
      ...base.envoy,
      ...over.envoy,
      ...joined(base.envoy.componentLogLevels, over.envoy?.componentLogLevels, (levels) => ({
        componentLogLevels: levels,
      })),
      resources: {
        ...joined(base.envoy.resources.requests, over.envoy?.resources?.requests, (requests) => ({ requests })),
        ...joined(base.envoy.resources.limits, over.envoy?.resources?.limits, (limits) => ({ limits })),
      },
    },
    drain: { ...base.drain, ...over.drain },
    service: {
      ...base.service,
      ...over.service,
      ...joined(base.service.labels, over.service?.labels, (labels) => ({ labels })),
      ...joined(base.service.annotations, over.service?.annotations, (annotations) => ({ annotations })),
    },
    accessLogs: over.accessLogs ?? base.accessLogs,
    ...(tracing === undefined ? {} : { tracing }),
    sharedFleet: over.sharedFleet ?? base.sharedFleet,
  };
}

function mergedWorkload(base: ProxyParameters["workload"], over: Workload): ProxyParameters["workload"] {
  const { replicas, autoscaling, ...rest } = base;
  const rollingUpdate = { ...base.rollingUpdate, ...over.rollingUpdate };
  const common = { ...rest, ...over, ...(Object.keys(rollingUpdate).length === 0 ? {} : { rollingUpdate }) };
  if (over.kind === "DaemonSet") return common;
  if (over.replicas !== undefined) return { ...common, kind: "Deployment" };
  if (over.autoscaling !== undefined) {
    return { ...common, kind: "Deployment", autoscaling: { ...autoscaling, ...over.autoscaling } };
  }
  return {
    ...common,
    ...(replicas === undefined ? {} : { replicas }),
    ...(autoscaling === undefined ? {} : { autoscaling }),
  };
}

function mergedPod({ hostNetwork, hostPorts, ...base }: Pod, over: Pod): Pod {
  const takesHost = over.hostNetwork !== undefined || over.hostPorts !== undefined;
  return {
    ...base,
    ...(takesHost || hostNetwork === undefined ? {} : { hostNetwork }),
    ...(takesHost || hostPorts === undefined ? {} : { hostPorts }),
    ...over,
    ...joined(base.labels, over.labels, (labels) => ({ labels })),
    ...joined(base.annotations, over.annotations, (annotations) => ({ annotations })),
    ...joined(base.nodeSelector, over.nodeSelector, (nodeSelector) => ({ nodeSelector })),
  };
}

/** A map of both, which `part` makes part of an object; nothing if neither is there. */
function joined<Value, Part>(
  base: Readonly<Record<string, Value>> | undefined,
  over: Readonly<Record<string, Value>> | undefined,
  part: (map: Readonly<Record<string, Value>>) => Part,
): Part | undefined {
  return base === undefined && over === undefined ? undefined : part({ ...base, ...over });
}

/**
 * What of a Gateway's own parameters has no effect beside what its class's say, in words; what contradicts itself within one object
 * is refused by its schema.
 */
export function contradiction(own: GatewayParametersSpec, { workload, service }: ProxyParameters): string | undefined {
  const { minReplicas = 1, maxReplicas = minReplicas } = workload.autoscaling ?? {};
  if (minReplicas > maxReplicas) {
    return `spec.workload.autoscaling has at least ${minReplicas} and at most ${maxReplicas} replicas, together with what the GatewayClass's parameters say. Write both minReplicas and maxReplicas.`;
  }
  const ofLoadBalancers = ["loadBalancerClass", "loadBalancerSourceRanges", "addresses"] as const;
  const fromOutside = ["externalTrafficPolicy", "nodePorts"] as const;
  const idle = [
    ...(service.type === "LoadBalancer" ? [] : ofLoadBalancers),
    ...(service.type === "ClusterIP" ? fromOutside : []),
  ].find((field) => own.service?.[field] !== undefined);
  return idle === undefined
    ? undefined
    : `spec.service.${idle} means nothing for a Service of type ${service.type}, which the GatewayClass's parameters ask for. Remove it, or write spec.service.type.`;
}

/** What a Gateway's own parameters may not say, in words: whether proxies are shared, and how proxies are that are not its own. */
export function notForGateways(own: GatewayParametersSpec, { sharedFleet }: ProxyParameters): string | undefined {
  if (own.sharedFleet !== undefined) {
    return "spec.sharedFleet is for the parameters of a GatewayClass to say. Remove it, and choose a class whose parameters have it.";
  }
  const aboutProxies = ["workload", "disruptionBudget", "pod", "envoy", "drain"] as const;
  const field = sharedFleet ? aboutProxies.find((name) => own[name] !== undefined) : undefined;
  return field === undefined
    ? undefined
    : `spec.${field} is about proxies, and all Gateways of the class share theirs (sharedFleet). Remove it; spec.service may stay.`;
}
