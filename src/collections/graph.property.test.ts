import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import type { Collection, Input } from "./collection.ts";
import { replay } from "./fixtures.ts";
import { Graph } from "./graph.ts";

interface Route {
  readonly parents: readonly string[];
  readonly hosts: readonly string[];
  readonly weight: number;
}

interface Gateway {
  readonly hosts: readonly string[];
  readonly needsGrant: boolean;
}

interface Inputs {
  readonly routes: Input<Route>;
  readonly gateways: Input<Gateway>;
  readonly grants: Input<number>;
}

type Operation =
  | { readonly kind: "routes"; readonly key: string; readonly value: Route | undefined }
  | { readonly kind: "gateways"; readonly key: string; readonly value: Gateway | undefined }
  | { readonly kind: "grants"; readonly key: string; readonly value: number | undefined };

interface Transaction {
  readonly operations: readonly Operation[];
  readonly aborted: boolean;
}

/** A route of this weight makes functions throw. */
const poison = 9;

const names = ["a", "b", "c"];
const name = fc.constantFrom(...names);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const few = fc.uniqueArray(name, { maxLength: 3 });
const routes = fc.record({ parents: few, hosts: few, weight: fc.integer({ min: 6, max: poison }) });
const gateways = fc.record({ hosts: few, needsGrant: fc.boolean() });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("routes"), key: fc.constantFrom("r1", "r2", "r3", "r4"), value: optional(routes) }),
  fc.record({ kind: fc.constant("gateways"), key: name, value: optional(gateways) }),
  fc.record({ kind: fc.constant("grants"), key: name, value: optional(fc.integer({ min: 1, max: 2 })) }),
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  operations: fc.array(operation, { maxLength: 5 }),
  aborted: fc.integer({ min: 0, max: 5 }).map((die) => die === 0),
});

function inputsOf(graph: Graph): Inputs {
  return { routes: graph.input("routes"), gateways: graph.input("gateways"), grants: graph.input("grants") };
}

/** Each kind of derivation, over inputs and over each other; `ran` is told of each run. */
function derivedOf(graph: Graph, inputs: Inputs, ran: (what: string) => void): readonly Collection<unknown>[] {
  const attachments = graph.deriveMany("attachments", inputs.routes, function* (route, key, { fetch }) {
    ran(`attachments ${key}`);
    for (const parent of route.parents) {
      const gateway = fetch(inputs.gateways, parent);
      if (gateway === undefined) continue;
      // Fetched only sometimes, and present only sometimes.
      const granted = gateway.needsGrant ? fetch(inputs.grants, parent) : 0;
      if (route.weight === poison && granted === 2) throw new Error("poison");
      yield [`${parent}/${key}`, { parent, hosts: route.hosts, granted, weight: route.weight % 2 }] as const;
    }
  });
  const claims = graph.deriveMany("claims", inputs.routes, (route, key) =>
    route.hosts.map((host) => [host, { owner: key, weight: route.weight }] as const),
  );
  const defaults = graph.derive("defaults", inputs.gateways, ({ hosts }, key) =>
    hosts.length === 0 ? undefined : { owner: key, weight: 0 },
  );
  const owners = graph.join("owners", [claims, defaults]);
  const members = graph.group("members", attachments, ({ hosts, weight }) => {
    if (weight === 0 && hosts.length === 3) throw new Error("poison");
    return hosts;
  });
  const attached = graph.count("attached", attachments, ({ parent, hosts }) => [parent, ...hosts.map((h) => `h-${h}`)]);
  const tables = graph.derive("tables", members, (list, host, { fetch }) => {
    ran(`tables ${host}`);
    const owner = fetch(owners, host);
    if (owner?.weight === poison) throw new Error("poison");
    // What is looked up depends on what was found.
    const count = owner === undefined ? 0 : fetch(attached, owner.owner);
    return { owner, count, rules: list.map(({ key, value }) => [key, value.granted, fetch(attached, value.parent)]) };
  });
  const sizes = graph.derive("sizes", tables, ({ rules }) => rules.length);
  return [attachments, claims, defaults, owners, members, attached, tables, sizes];
}

function perform(inputs: Inputs, { kind, key, value }: Operation): void {
  if (value === undefined) inputs[kind].delete(key);
  else if (kind === "routes") inputs.routes.set(key, value);
  else if (kind === "gateways") inputs.gateways.set(key, value);
  else inputs.grants.set(key, value);
}

function stateOf(collections: readonly Collection<unknown>[]): unknown {
  return collections.map((collection) => [collection.name, new Map(collection.entries())]);
}

/** What a graph would hold that had been given the present inputs at once: before its derivations exist, or after. */
function fresh(inputs: Inputs, late: boolean): unknown {
  const graph = new Graph({ onError: () => {} });
  const copies = inputsOf(graph);
  const early = late ? undefined : derivedOf(graph, copies, () => {});
  graph.transaction(() => {
    for (const [key, value] of inputs.routes.entries()) copies.routes.set(key, value);
    for (const [key, value] of inputs.gateways.entries()) copies.gateways.set(key, value);
    for (const [key, value] of inputs.grants.entries()) copies.grants.set(key, value);
  });
  return stateOf(early ?? derivedOf(graph, copies, () => {}));
}

const abort = new Error("abort");

function transact(graph: Graph, inputs: Inputs, { operations, aborted }: Transaction): void {
  try {
    graph.transaction(() => {
      for (const step of operations) perform(inputs, step);
      if (aborted) throw abort;
    });
  } catch (error) {
    if (error !== abort) throw error;
  }
}

describe("after any sequence of transactions", () => {
  test("the derived state is a fresh build's, and the events replayed give it", () => {
    fc.assert(
      fc.property(fc.array(transaction, { minLength: 1, maxLength: 15 }), (transactions) => {
        const graph = new Graph({ onError: () => {} });
        const inputs = inputsOf(graph);
        const runs = new Map<string, number>();
        const derived = derivedOf(graph, inputs, (what) => runs.set(what, (runs.get(what) ?? 0) + 1));
        const replicas = derived.map((collection) => {
          const replica = new Map<string, unknown>();
          collection.subscribe((changes) => replay(replica, changes));
          return [collection.name, replica];
        });
        for (const each of transactions) {
          runs.clear();
          const before = stateOf(derived);
          transact(graph, inputs, each);
          const state = stateOf(derived);
          if (each.aborted) deepEqual(state, before);
          deepEqual(state, fresh(inputs, false));
          deepEqual(state, fresh(inputs, true));
          deepEqual(replicas, state);
          for (const [what, count] of runs) equal(count, 1, `${what} ran ${count} times in one transaction`);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("nothing is remembered once all inputs are gone", () => {
    fc.assert(
      fc.property(fc.array(transaction, { minLength: 1, maxLength: 15 }), fc.boolean(), (transactions, atOnce) => {
        const graph = new Graph({ onError: () => {} });
        const inputs = inputsOf(graph);
        derivedOf(graph, inputs, () => {});
        for (const each of transactions) transact(graph, inputs, each);
        const clear = () => {
          for (const input of [inputs.grants, inputs.routes, inputs.gateways])
            for (const [key] of input.entries()) input.delete(key);
        };
        if (atOnce) graph.transaction(clear);
        else clear();
        for (const { size, tracked, dependencies } of graph.dump())
          deepEqual({ size, tracked, dependencies }, { size: 0, tracked: 0, dependencies: 0 });
      }),
      { numRuns: 100 },
    );
  });
});
