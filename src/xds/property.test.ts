import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import { MISSED } from "../envoy/fix.ts";
import { type EnvoyResource, envoyResourceKey } from "../envoy/resource.ts";
import {
  cluster,
  endpoints,
  type Fixture,
  fixture,
  listener,
  missed,
  PROXY,
  resource,
  scope,
} from "./testing/fixture.ts";
import { ModelEnvoy } from "./testing/model-envoy.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** A cluster of a configuration; `shared`: it has the endpoints of another one. */
interface ClusterPlan {
  readonly note: number;
  readonly kind: "own" | "shared" | "dns";
}

/** A whole configuration, in which everything that is named exists. */
interface Plan {
  readonly clusters: Readonly<Record<string, ClusterPlan | undefined>>;
  readonly endpointsNote: number;
  readonly scopes: Readonly<
    Record<string, { readonly note: number; readonly clusters: readonly string[] } | undefined>
  >;
  readonly listeners: Readonly<Record<string, { readonly note: number; readonly cluster: string } | undefined>>;
  readonly wildcards: readonly string[];
}

/** Tables serve behind listeners of the same version of the controller, and of those before it. */
type Form = number;

const clusterNames = ["a", "b", "c", "x"];
const scopeNames = ["s", "t", "u", "xs"];

const some = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const note = fc.integer({ min: 0, max: 2 });

const plan: fc.Arbitrary<Plan> = fc.record({
  clusters: fc.record(
    Object.fromEntries(
      clusterNames.map((name) => [
        name,
        some(
          fc.record({ note, kind: fc.constantFrom("own" as const, "own" as const, "shared" as const, "dns" as const) }),
        ),
      ]),
    ),
  ),
  endpointsNote: note,
  scopes: fc.record(
    Object.fromEntries(
      scopeNames.map((name) => [name, some(fc.record({ note, clusters: fc.subarray(clusterNames) }))]),
    ),
  ),
  listeners: fc.record({
    l: some(fc.record({ note, cluster: fc.constantFrom(...clusterNames) })),
    m: some(fc.record({ note, cluster: fc.constantFrom(...clusterNames) })),
  }),
  wildcards: fc.subarray(scopeNames),
});

function resourcesOf(given: Plan, form: Form): readonly EnvoyResource[] {
  const there = (name: string): boolean => given.clusters[name] !== undefined;
  const resources: EnvoyResource[] = [];
  const assignments = new Set<string>();
  for (const [name, one] of Object.entries(given.clusters)) {
    if (one === undefined) continue;
    // Only names with an x may be bad; every second version of those is.
    const bad = name.startsWith("x") && one.note === 1 ? { bad: true } : {};
    if (one.kind === "dns") resources.push(resource(CLUSTER, name, { note: one.note, ...bad }));
    else {
      const from = one.kind === "shared" ? "a" : name;
      assignments.add(from);
      resources.push(cluster(name, { endpoints: from, note: one.note, ...bad }));
    }
  }
  for (const name of assignments) resources.push(endpoints(name, { note: given.endpointsNote }));
  for (const [name, one] of Object.entries(given.scopes)) {
    if (one === undefined) continue;
    const bad = name.startsWith("x") && one.note === 1 ? { bad: true } : {};
    resources.push(scope(name, one.clusters.filter(there), { note: one.note, form, ...bad }));
  }
  for (const [name, one] of Object.entries(given.listeners))
    if (one !== undefined && there(one.cluster))
      resources.push(listener(name, { clusters: [one.cluster], scopes: [MISSED], note: one.note, form }));
  const wildcards = given.wildcards.filter((name) => given.scopes[name] !== undefined);
  resources.push(missed(wildcards, { form }));
  return resources;
}

type Step =
  | { readonly kind: "configure"; readonly plan: Plan }
  | { readonly kind: "receive" | "send" | "both" | "resolve" | "settle" | "reconnect" | "upgrade" }
  | { readonly kind: "advance"; readonly milliseconds: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("configure" as const), plan }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("receive" as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("both" as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("resolve" as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reconnect" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("upgrade" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("advance" as const),
        milliseconds: fc.constantFrom(10, 999, 5_000),
      }),
    },
  ),
  { maxLength: 60 },
);

/** What this names is never bad. */
function isSure([name]: readonly [string, unknown?]): boolean {
  return !name.startsWith("x");
}

class Run {
  readonly #lingerMilliseconds: number;
  #made: Fixture;
  readonly #envoy = new ModelEnvoy();
  #plan: Plan | undefined;
  #form: Form = 0;
  #resources: readonly EnvoyResource[] = [];
  /** Tables that there have been ever since the controller is of this version. */
  #lasting: ReadonlySet<string> = new Set();

  constructor(lingerMilliseconds: number) {
    this.#lingerMilliseconds = lingerMilliseconds;
    this.#made = this.#start();
    this.#envoy.connect(this.#made.delivery);
  }

  take(step: Step): void {
    this.#take(step);
    this.#checkForms();
  }

  #take(step: Step): void {
    const envoy = this.#envoy;
    if (step.kind === "configure") this.#configure(step.plan);
    else if (step.kind === "upgrade") this.#upgrade();
    else if (step.kind === "advance") this.#made.clock.advance(step.milliseconds);
    else if (step.kind === "resolve") envoy.resolve();
    else if (step.kind === "settle") this.#drain();
    else if (step.kind === "reconnect") {
      envoy.disconnect();
      envoy.connect(this.#made.delivery);
    } else {
      if (step.kind !== "send") envoy.receive();
      if (step.kind !== "receive") envoy.send();
    }
  }

  /** Lets everything that is under way come to its end, and compares. */
  finish(): void {
    const { clock, delivery } = this.#made;
    this.#drain();
    for (let round = 0; round < 4; round++) {
      clock.advance(5_000);
      this.#envoy.timeOut();
      this.#drain();
    }
    equal(delivery.status(PROXY).settled, true, `not settled: ${JSON.stringify(delivery.snapshot())}`);
    this.#compare(CLUSTER, new Map([...this.#envoy.clusters].filter(([name]) => !this.#isKept(name))));
    this.#compare(SCOPED_ROUTE_CONFIGURATION, this.#envoy.scopes);
    this.#compare(LISTENER, this.#envoy.listeners);
    const desired = this.#versions(CLUSTER_LOAD_ASSIGNMENT);
    for (const [name, { version }] of this.#envoy.assignments)
      if (desired.has(name)) equal(version, desired.get(name), `endpoints ${name}`);
    for (const [name, { content }] of this.#envoy.clusters)
      if (content.endpoints !== undefined && isSure([name]) && !this.#isKept(name))
        equal(this.#envoy.assignments.has(content.endpoints), true, content.endpoints);
    delivery.close();
  }

  /** A scope whose new version was refused is served as it was, and may name clusters that nobody else wants. */
  #isKept(name: string): boolean {
    if (this.#versions(CLUSTER).has(name)) return false;
    const desired = this.#versions(SCOPED_ROUTE_CONFIGURATION);
    return [...this.#envoy.scopes].some(([one, { version }]) => desired.get(one) !== version);
  }

  #start(): Fixture {
    return fixture(this.#resources, {
      knows: () => true,
      lingerMilliseconds: this.#lingerMilliseconds,
      tablesMilliseconds: Number.POSITIVE_INFINITY,
      responseBytes: 300,
    });
  }

  /** A controller of a later version takes the place of this one. */
  #upgrade(): void {
    this.#form += 1;
    this.#resources = this.#plan === undefined ? [] : resourcesOf(this.#plan, this.#form);
    this.#lasting = new Set(this.#resources.map(({ name }) => name));
    this.#envoy.disconnect();
    this.#made.delivery.close();
    this.#made = this.#start();
    this.#envoy.connect(this.#made.delivery);
  }

  /** A table of the controller before is of no use behind a listener of this one. */
  #checkForms(): void {
    for (const { content: behind } of this.#envoy.listeners.values())
      for (const [name, { content }] of this.#envoy.scopes)
        if (this.#lasting.has(name) && isSure([name]))
          equal((content.form ?? 0) >= (behind.form ?? 0), true, `scope ${name} is older than a listener`);
  }

  #configure(given: Plan): void {
    const next = resourcesOf(given, this.#form);
    const names = new Set(next.map(({ name }) => name));
    this.#plan = given;
    this.#lasting = new Set([...this.#lasting].filter((name) => names.has(name)));
    const kept = new Set(next.map(envoyResourceKey));
    this.#made.apply({ set: next, remove: this.#resources.filter((one) => !kept.has(envoyResourceKey(one))) });
    this.#resources = next;
  }

  #drain(): void {
    this.#envoy.resolve();
    for (let count = 0; !this.#envoy.idle; count++) {
      equal(count < 10_000, true, "it never ends");
      this.#envoy.resolve();
      this.#envoy.receive();
      this.#envoy.send();
    }
  }

  #compare(typeUrl: string, items: ReadonlyMap<string, { readonly version: string }>): void {
    const has = [...items].map(([name, { version }]) => [name, version] as const).filter(isSure);
    deepEqual(new Map(has), new Map([...this.#versions(typeUrl)].filter(isSure)), typeUrl);
    // Of what may be bad, Envoy has at most what it should have had at some time; a good version it has.
    for (const one of this.#resources)
      if (one.typeUrl === typeUrl && one.name.startsWith("x") && !one.encoded.includes("bad"))
        equal(items.get(one.name)?.version, one.version, `${typeUrl} ${one.name}`);
    for (const name of items.keys()) equal(this.#versions(typeUrl).has(name), true, `${typeUrl} ${name} is left over`);
  }

  #versions(typeUrl: string): ReadonlyMap<string, string> {
    const ofType = this.#resources.filter((one) => one.typeUrl === typeUrl);
    return new Map(ofType.map(({ name, version }) => [name, version]));
  }
}

test("whatever changes and whenever Envoy answers, it ends with what it should have, and never names what is not there", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 1_000), (given, linger) => {
      const run = new Run(linger);
      for (const step of given) run.take(step);
      run.finish();
    }),
    { numRuns: 1_000 },
  );
});

test("nor does it, when another version of the controller comes to an Envoy that serves", () => {
  fc.assert(
    fc.property(plan, steps, (before, given) => {
      const run = new Run(0);
      run.take({ kind: "configure", plan: before });
      run.take({ kind: "settle" });
      run.take({ kind: "upgrade" });
      for (const step of given) run.take(step);
      run.finish();
    }),
    { numRuns: 500 },
  );
});
