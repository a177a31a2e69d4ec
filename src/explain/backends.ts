import { isIP } from "node:net";
import { weighted } from "../envoy/destinations.ts";
import { serviceNameLabel } from "../gateway/endpoints.ts";
import type { Endpoint } from "../ir/cluster.ts";
import type { ForwardAction, Rule, WeightedDestination } from "../ir/rule.ts";
import { formatReference } from "../resources/origin.ts";
import { backendPolicies } from "./backend-policies.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { BackendEndpoint, BackendStep } from "./explanation.ts";
import { textOf } from "./request.ts";
import type { ForwardedRequest } from "./rule-outcome.ts";
import { percent, ruleIndex } from "./rule-step.ts";

/** Where a rule sends requests: each destination with its chance, and the endpoints that it has now. */
export function backendSteps(
  explained: Explained,
  proxy: string,
  action: ForwardAction,
  shares: readonly ForwardedRequest[],
): readonly BackendStep[] {
  const destinations = weighted(action);
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return destinations.map((destination, index): BackendStep => {
    const share = shares[index];
    return {
      ...backendOf(explained, proxy, destination),
      weight: destination.weight,
      percent: percent(destination.weight, total),
      place: placeOf(explained, destination.origin),
      ...(share && { host: textOf(share.authority), path: textOf(share.path) }),
    };
  });
}

/** What is wrong with the references and filters of a rule, in the words of its status. */
export function problemsOfRule({ semantics }: Explained, { origin }: Pick<Rule, "origin">): readonly string[] {
  const { kind, namespace = "default", name } = origin.resource;
  const compiled = semantics.compiled.get(`${kind}/${namespace}/${name}`);
  const index = ruleIndex(origin.path);
  const messages = [
    ...(compiled?.problems ?? []).flatMap((problem) =>
      ruleIndex(problem.origin.path) === index ? problem.message : [],
    ),
    ...(compiled?.refusals ?? []).flatMap((refusal) => (refusal.ruleIndex === index ? `${refusal.message}.` : [])),
  ];
  return [...new Set(messages)];
}

function backendOf(
  explained: Explained,
  proxy: string,
  { cluster: name, origin }: WeightedDestination,
): Pick<BackendStep, "name" | "endpoints" | "policies" | "problem"> {
  const { semantics } = explained;
  const key = `${origin.resource.kind}/${origin.resource.namespace ?? "default"}/${origin.resource.name}`;
  if (name === undefined) {
    const route = semantics.compiled.get(key);
    const here = JSON.stringify(origin.path);
    const problem = route?.problems.find((one) => JSON.stringify(one.origin.path) === here)?.message;
    return { name: "nowhere", endpoints: [], policies: [], problem: problem ?? "It has a filter that can't be done." };
  }
  const cluster = semantics.clusters.get(`${proxy}|${name}`);
  if (cluster === undefined) return { name, endpoints: [], policies: [], problem: "It is not served yet." };
  const { discovery } = cluster;
  const service = formatReference(cluster.origin.resource);
  if (discovery.kind === "dns") {
    return {
      name: `${service}:${discovery.port}`,
      endpoints: [{ address: `${discovery.hostname}:${discovery.port}`, state: "by DNS" }],
      policies: backendPolicies(explained, cluster, discovery.port),
    };
  }
  if (discovery.kind === "groups") {
    const endpoints = discovery.groups.flatMap((group) => group.endpoints.map(endpointOf));
    return { name: service, endpoints, policies: backendPolicies(explained, cluster, undefined) };
  }
  const port = /\/(\d+)(?:\/udp)?$/.exec(discovery.endpoints)?.[1];
  const groups = semantics.endpointSets.get(`${proxy}|${discovery.endpoints}`)?.groups ?? [];
  const { kind, namespace = "default", name: serviceName } = cluster.origin.resource;
  return {
    name: `${service}${port === undefined ? "" : `:${port}`}`,
    policies: backendPolicies(explained, cluster, port === undefined ? undefined : Number(port)),
    endpoints: [
      ...groups.flatMap(({ endpoints }) => endpoints).map(endpointOf),
      ...(kind === "Service" ? notReady(explained, `${namespace}/${serviceName}`) : []),
    ],
  };
}

export function endpointOf({ address, port, health }: Endpoint): BackendEndpoint {
  const state = isIP(address) === 0 ? "by DNS" : health === "healthy" ? "ready" : "draining";
  return { address: hostAndPort(address, port), state };
}

/** Those that are written down and get nothing. */
function notReady({ resources }: Explained, service: string): readonly BackendEndpoint[] {
  return [...resources.EndpointSlice.entries()]
    .map(([, slice]) => slice)
    .filter(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.labels?.[serviceNameLabel]}` === service)
    .flatMap(({ endpoints = [], ports = [] }) =>
      endpoints
        .filter(({ conditions = {} }) => conditions.ready === false && !(conditions.terminating && conditions.serving))
        .map(({ addresses: [address = ""] }) => hostAndPort(address, ports.length === 1 ? ports[0]?.port : undefined)),
    )
    .map((address) => ({ address, state: "not ready" }));
}

/** @example hostAndPort("::1", 80)  // "[::1]:80" */
export function hostAndPort(address: string, port: number | undefined): string {
  return `${address.includes(":") ? `[${address}]` : address}${port === undefined ? "" : `:${port}`}`;
}
