import type { ConfigMap } from "./generated/core.ts";

const serviceTypes = ["LoadBalancer", "NodePort", "ClusterIP"] as const;
const trafficPolicies = ["Cluster", "Local"] as const;

/** How the proxies of a Gateway run. */
export interface ProxyParameters {
  readonly replicas: number;
  readonly serviceType: (typeof serviceTypes)[number];
  readonly loadBalancerClass?: string;
  readonly externalTrafficPolicy?: (typeof trafficPolicies)[number];
  /** Kubernetes quantities. */
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly cpuLimit?: string;
  readonly memoryLimit?: string;
  /** Envoy's worker threads. */
  readonly concurrency: number;
  /** How long connections may take to end when a proxy is replaced. */
  readonly drainSeconds: number;
}

export const defaultParameters: ProxyParameters = {
  replicas: 1,
  serviceType: "LoadBalancer",
  cpuRequest: "100m",
  memoryRequest: "128Mi",
  concurrency: 2,
  drainSeconds: 30,
};

type Read = (text: string) => string | number | undefined;

const wholeNumber =
  (least: number, most: number): Read =>
  (text) => {
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
    return value >= least && value <= most ? value : undefined;
  };
const oneOf =
  (words: readonly string[]): Read =>
  (text) =>
    words.includes(text) ? text : undefined;
const quantity: Read = (text) => (/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text) ? text : undefined);
const label: Read = (text) => (/^[a-z0-9]([-a-z0-9./]*[a-z0-9])?$/.test(text) ? text : undefined);

const keys: { readonly [Key in keyof ProxyParameters]-?: { readonly read: Read; readonly is: string } } = {
  replicas: { read: wholeNumber(0, 1000), is: "a whole number from 0 to 1000" },
  serviceType: { read: oneOf(serviceTypes), is: `one of ${serviceTypes.join(", ")}` },
  loadBalancerClass: { read: label, is: "the name of a load balancer class" },
  externalTrafficPolicy: { read: oneOf(trafficPolicies), is: `one of ${trafficPolicies.join(", ")}` },
  cpuRequest: { read: quantity, is: 'a quantity such as "500m"' },
  memoryRequest: { read: quantity, is: 'a quantity such as "256Mi"' },
  cpuLimit: { read: quantity, is: 'a quantity such as "2"' },
  memoryLimit: { read: quantity, is: 'a quantity such as "1Gi"' },
  concurrency: { read: wholeNumber(1, 1024), is: "a whole number from 1 to 1024" },
  drainSeconds: { read: wholeNumber(0, 3600), is: "a whole number from 0 to 3600" },
};

/**
 * The parameters in a ConfigMap that a Gateway or its class refers to; what it does not say is as in `base`.
 *
 * @returns what is wrong with it, in words, if anything is: a word that nobody reads would be a setting that nobody keeps
 * @example readParameters({ data: { replicas: "3" } })
 */
export function readParameters(
  { data = {} }: Pick<ConfigMap, "data">,
  base = defaultParameters,
): { readonly parameters: ProxyParameters } | { readonly problem: string } {
  const read: Record<string, string | number> = {};
  for (const [key, text] of Object.entries(data)) {
    if (!isKey(key)) return { problem: `data.${key} is not a parameter; there are ${Object.keys(keys).join(", ")}.` };
    const value = keys[key].read(text);
    if (value === undefined) return { problem: `data.${key} is "${text}", and should be ${keys[key].is}.` };
    read[key] = value;
  }
  return { parameters: { ...base, ...read } };
}

function isKey(key: string): key is keyof ProxyParameters {
  return Object.hasOwn(keys, key);
}

/** The names of all parameters. */
export const parameterNames: readonly string[] = Object.keys(keys);
