import type { Condition } from "../gateway/condition.ts";
import type { ParentReference, RouteGroupKind, SupportedFeature } from "../resources/generated/gateway-api.ts";
import type { ResourceReference } from "../resources/origin.ts";
import type { ProxyAddress } from "./proxy-state.ts";

/** A condition as it is written: `lastTransitionTime` is added by whoever holds the previous status. */
export interface StatusCondition extends Condition {
  readonly observedGeneration: number;
}

export interface GatewayClassStatus {
  readonly conditions: readonly StatusCondition[];
  readonly supportedFeatures: readonly SupportedFeature[];
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly StatusCondition[];
}

export interface GatewayStatus {
  readonly addresses: readonly ProxyAddress[];
  readonly conditions: readonly StatusCondition[];
  readonly listeners: readonly ListenerStatus[];
  readonly attachedListenerSets: number;
}

export interface ListenerSetStatus {
  readonly conditions: readonly StatusCondition[];
  readonly listeners: readonly ListenerStatus[];
}

export interface RouteStatus {
  readonly parents: readonly {
    readonly parentRef: ParentReference;
    readonly controllerName: string;
    readonly conditions: readonly StatusCondition[];
  }[];
}

export interface PolicyStatus {
  readonly ancestors: readonly {
    readonly ancestorRef: Pick<ParentReference, "group" | "kind" | "name" | "namespace">;
    readonly controllerName: string;
    readonly conditions: readonly StatusCondition[];
  }[];
}

/** What became of one object: only the entries that are ours. */
export interface ObjectStatus {
  readonly reference: ResourceReference;
  readonly status: GatewayClassStatus | GatewayStatus | ListenerSetStatus | RouteStatus | PolicyStatus;
}

/** What was made of a condition last: routes share conditions, and most of them are of the same generation. */
const lastObserved = new WeakMap<Condition, StatusCondition>();

export function observed(condition: Condition, generation: number): StatusCondition {
  const known = lastObserved.get(condition);
  if (known?.observedGeneration === generation) return known;
  const made = { ...condition, observedGeneration: generation };
  lastObserved.set(condition, made);
  return made;
}
