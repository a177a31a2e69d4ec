import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Tracing } from "../ir/tracing.ts";
import { type BackendContext, type BackendTarget, clusterName } from "./backend.ts";
import type { BackendUse } from "./backend-use.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { AttachmentPoint } from "./gateway-listener.ts";
import type { Resources } from "./inputs.ts";
import { socketKey } from "./listener.ts";
import { notEnforced } from "./not-enforced.ts";
import type { PolicyAncestor, PolicyAncestors } from "./policy-ancestors.ts";
import { oldestMember } from "./policy-target.ts";
import { compareSeniority, type Seniority } from "./precedence.ts";
import { readTelemetryPolicy, type TelemetryPolicy, telemetryTargets } from "./telemetry-policy.ts";
import type { TracingOfGateways } from "./tracing-config.ts";

/** Which Gateways' requests are traced, and how. */
export interface TelemetryCollections {
  /** By `namespace/name`. */
  readonly telemetryPolicies: Collection<TelemetryPolicy>;
  /** What became of each XTelemetryPolicy for each Gateway that it names, by `namespace/name`. */
  readonly telemetryAncestors: PolicyAncestors;
  /** The policy that applies to a Gateway, by `namespace/name` of the Gateway. */
  readonly telemetryHolders: Collection<TelemetryHolder>;
  /** What is traced on a listener, by its key. */
  readonly tracingOfListeners: Collection<ListenerTracing>;
  readonly telemetryUses: Collection<BackendUse>;
}

/** The policy that applies to a Gateway; its `key` is the policy's. */
interface TelemetryHolder extends Seniority {
  /** `namespace/name`. */
  readonly gateway: string;
}

/** How a listener's requests are traced, and who is told. */
export interface ListenerTracing {
  readonly proxy: string;
  readonly tracing: Tracing;
  readonly target: BackendTarget;
  /** Key of the Secret that the Gateway shows to backends. */
  readonly clientCertificate?: string;
}

export function deriveTelemetry(
  graph: Graph,
  resources: Resources,
  { gateways, points, tracingOfParameters }: ListenerCollections,
  backends: BackendContext,
): TelemetryCollections {
  const policies = graph.derive("telemetryPolicies", resources.XTelemetryPolicy, (policy, _key, reader) =>
    readTelemetryPolicy(policy, reader, backends),
  );
  const byGateway = graph.group("telemetryPoliciesByGateway", resources.XTelemetryPolicy, telemetryTargets);
  const holders = graph.derive("telemetryHolders", byGateway, (members, gateway) => ({
    ...oldestMember(members),
    gateway,
  }));
  const http = graph.derive("httpPoints", points, (point) =>
    point.serving && point.chain !== undefined ? point : undefined,
  );
  const bySocket = graph.group("httpPointsBySocket", http, ({ socket }) => [socketKey(socket)]);
  /** HTTP listeners of one port share a filter chain; where Gateways share the port, the oldest of their policies holds there. */
  const holdersOfListeners = graph.derive("telemetryHoldersOfListeners", http, (point, _key, { fetch }) => {
    const neighbours = point.protocol === "HTTP" ? (fetch(bySocket, socketKey(point.socket)) ?? []) : [];
    const sharing = new Set([point.gatewayKey, ...neighbours.map(({ value }) => value.gatewayKey)]);
    return [...sharing].flatMap((gateway) => fetch(holders, gateway) ?? []).sort(compareSeniority)[0];
  });
  const tracingOfListeners = graph.derive("tracingOfListeners", http, (point, key, { fetch }) => {
    const holder = fetch(holdersOfListeners, key);
    const read = holder === undefined ? fetch(tracingOfParameters, point.gatewayKey) : fetch(policies, holder.key);
    return read?.tracing && listenerTracing(point, holder?.gateway ?? point.gatewayKey, read.tracing);
  });
  const httpByGateway = graph.group("httpPointsByGateway", http, ({ gatewayKey }) => [gatewayKey]);
  const ancestors = graph.derive("telemetryAncestors", policies, (policy, key, reader): readonly PolicyAncestor[] =>
    policy.targets
      .filter((gateway) => reader.fetch(gateways, gateway) !== undefined)
      .map((gateway) => {
        const listeners = (reader.fetch(httpByGateway, gateway) ?? []).map(({ key: listener, value }) => ({
          port: value.socket.port,
          holder: reader.fetch(holdersOfListeners, listener)?.key,
        }));
        const conflict = conflictOf(key, gateway, reader.fetch(holders, gateway)?.key, listeners);
        const conditions = [conflict ?? accepted(policy), policy.resolvedRefs, ...notEnforced(policy.notEnforced)];
        return { gateway, conditions };
      }),
  );
  const usesOfPolicies = graph.deriveMany("usesOfTelemetryPolicies", ancestors, (found, key, { fetch }) => {
    const use = fetch(policies, key)?.use;
    return use === undefined
      ? []
      : found
          .filter(({ gateway }) => fetch(holders, gateway)?.key === key)
          .map(({ gateway }) => [`${key}|${gateway}`, { ...use, gateway, traffic: "requests" } as const] as const);
  });
  const usesOfParameters = graph.deriveMany(
    "usesOfTracingParameters",
    tracingOfParameters,
    ({ use }, gateway, { fetch }) =>
      use === undefined || fetch(holders, gateway) !== undefined
        ? []
        : [[gateway, { ...use, gateway, traffic: "requests" } as const]],
  );
  return {
    telemetryPolicies: policies,
    telemetryAncestors: ancestors,
    telemetryHolders: holders,
    tracingOfListeners,
    telemetryUses: graph.join<BackendUse>("telemetryUses", [usesOfPolicies, usesOfParameters]),
  };
}

function listenerTracing(
  { clientCertificate, socket: { proxy } }: AttachmentPoint,
  gateway: string,
  { target, collector, serviceName, ...tracing }: TracingOfGateways,
): ListenerTracing {
  const [namespace = "", name = ""] = gateway.split("/");
  return {
    proxy,
    target,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    tracing: {
      ...tracing,
      collector: { ...collector, cluster: clusterName(target, clientCertificate) },
      serviceName: serviceName ?? `${name}.${namespace}`,
    },
  };
}

/** XTelemetryPolicy: of several for one Gateway, "the older policy by creation timestamp takes precedence". */
function conflictOf(
  key: string,
  gateway: string,
  holder: string | undefined,
  listeners: readonly { readonly port: number; readonly holder: string | undefined }[],
): Condition | undefined {
  const lost = listeners.find((listener) => listener.holder !== undefined && listener.holder !== key);
  const what = holder === key ? lost && `port ${lost.port}` : `Gateway ${gateway}`;
  const other = holder === key ? lost?.holder : holder;
  if (what === undefined || other === undefined) return undefined;
  const message = `XTelemetryPolicy ${other} applies to ${what}, and is older or comes first by name.`;
  return isFalse("Accepted", "Conflicted", message);
}

function accepted({ tracing, problems }: TelemetryPolicy): Condition {
  if (tracing !== undefined) return isTrue("Accepted", "Accepted", "Requests are traced.");
  const why = problems.length === 0 ? "the policy does not enable it" : "spans have nowhere to go";
  return isTrue("Accepted", "Accepted", `Requests are not traced: ${why}.`);
}
