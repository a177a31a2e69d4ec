import { createHash } from "node:crypto";
import type { Input } from "../../collections/collection.ts";
import { Graph } from "../../collections/graph.ts";
import { MISSED } from "../../envoy/fix.ts";
import { type EnvoyResource, envoyResourceKey } from "../../envoy/resource.ts";
import { Delivery, type DeliveryOptions } from "../delivery.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "../type-url.ts";
import { FakeClock } from "./fake-clock.ts";

/** What the model of Envoy understands of a resource: carried as JSON in place of the real message. */
export interface Content {
  readonly clusters?: readonly string[];
  readonly scopes?: readonly string[];
  readonly endpoints?: string;
  /** The model refuses it. */
  readonly bad?: boolean;
  readonly note?: string | number;
  /** Which version of the controller made it. */
  readonly form?: number;
}

export const PROXY = "edge";

export function resource(typeUrl: string, name: string, content: Content = {}, proxy = PROXY): EnvoyResource {
  const bytes = Buffer.from(JSON.stringify(content));
  const encoded = bytes.toString("latin1");
  const version = createHash("sha256").update(bytes).digest("base64url").slice(0, 12);
  const { bad: _bad, note: _note, form: _form, ...needs } = content;
  return { proxy, typeUrl, name, encoded, version, ...needs };
}

/** A cluster with EDS, whose endpoints have its name. */
export function cluster(name: string, content: Content = {}): EnvoyResource {
  return resource(CLUSTER, name, { endpoints: name, ...content });
}

export function endpoints(name: string, content: Content = {}): EnvoyResource {
  return resource(CLUSTER_LOAD_ASSIGNMENT, name, content);
}

export function scope(name: string, clusters: readonly string[], content: Content = {}): EnvoyResource {
  return resource(SCOPED_ROUTE_CONFIGURATION, name, { clusters, ...content });
}

export function listener(name: string, content: Content = {}): EnvoyResource {
  return resource(LISTENER, name, content);
}

/** The scope whose script names others. */
export function missed(scopes: readonly string[], content: Content = {}): EnvoyResource {
  return resource(SCOPED_ROUTE_CONFIGURATION, MISSED, { scopes, ...content });
}

/** A collection of resources and a delivery of them, on a clock that the test moves. */
export interface Fixture {
  readonly graph: Graph;
  readonly resources: Input<EnvoyResource>;
  readonly clock: FakeClock;
  readonly delivery: Delivery;
  /** One transaction. */
  readonly apply: (change: {
    readonly set?: readonly EnvoyResource[];
    readonly remove?: readonly EnvoyResource[];
  }) => void;
}

export function fixture(
  initial: readonly EnvoyResource[] = [],
  options: Omit<DeliveryOptions, "resources" | "clock"> = {},
): Fixture {
  const graph = new Graph();
  const resources = graph.input<EnvoyResource>("resources", { equals: (a, b) => a.version === b.version });
  const apply: Fixture["apply"] = ({ set = [], remove = [] }) => {
    graph.transaction(() => {
      for (const item of remove) resources.delete(envoyResourceKey(item));
      for (const item of set) resources.set(envoyResourceKey(item), item);
    });
  };
  apply({ set: initial });
  const clock = new FakeClock();
  return { graph, resources, clock, apply, delivery: new Delivery({ ...options, resources, clock }) };
}
