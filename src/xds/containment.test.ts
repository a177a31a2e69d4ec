import { deepEqual, equal, match } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBackend, type TestBackend } from "../envoy/testing/backend.ts";
import { backend, forward, httpListener, match as matching, prefix, rule, table, to } from "../envoy/testing/ir.ts";
import { ask } from "../envoy/testing/request.ts";
import { World } from "../envoy/testing/world.ts";
import type { Rule } from "../ir/rule.ts";
import type { Contained } from "./containment.ts";
import { type ServedEnvoy, serve } from "./testing/served-envoy.ts";

/** What Envoy refuses, put where a user's mistake would be if nobody had caught it. */
const poison = {
  filter: { requestHeaders: { set: [{ name: "x", value: "a\nb" }], add: [], remove: [] } } satisfies Partial<Rule>,
  match: matching({ headers: [{ name: "x", type: "RegularExpression", value: "(" }] }),
};

const good = (path: string, version = "1"): Rule =>
  rule({
    name: `good ${path}`,
    match: prefix(path),
    action: forward([to("one")]),
    responseHeaders: { set: [{ name: "x-version", value: version }], add: [], remove: [] },
  });
const bad = (path: string): Rule => rule({ ...good(path), name: `bad ${path}`, ...poison.filter });

interface Stage {
  readonly world: World;
  readonly served: ServedEnvoy;
  readonly contained: Contained[];
  readonly rejected: string[];
  readonly healed: string[];
  settled(): Promise<void>;
  readonly answers: (host: string, path: string) => Promise<string>;
}

describe("what Envoy refuses is contained", { timeout: 120_000 }, () => {
  let one: TestBackend;
  const stops: (() => Promise<void>)[] = [];
  before(async () => {
    one = await startBackend("one");
    stops.push(() => one.stop());
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  async function stage(): Promise<Stage> {
    const world = new World();
    world.set({
      listeners: [httpListener()],
      tables: [table("*", []), table("a.example.com", [good("/")]), table("b.example.com", [good("/")])],
      backends: [backend("one", [one.port])],
    });
    const contained: Contained[] = [];
    const rejected: string[] = [];
    const healed: string[] = [];
    const served = await serve(world, {
      observer: {
        contained: (event) => contained.push(event),
        rejected: ({ name }) => rejected.push(name),
        accepted: ({ name }) => healed.push(name),
      },
    });
    stops.push(() => served.stop());
    const settled = () => served.server.delivery.whenSettled("test");
    await settled();
    return {
      world,
      served,
      contained,
      rejected,
      healed,
      settled,
      answers: async (host, path) => {
        const { status, headers } = await ask(await served.port("http-80"), { host, path });
        return status === 200 ? String(headers["x-version"]) : String(status);
      },
    };
  }

  test("a rule: it answers 500, all others of its host and other hosts go on and change, and it heals", async () => {
    const made = await stage();
    const { world, answers } = made;
    const others = Array.from({ length: 20 }, (_, index) => good(`/good-${index}`, "2"));
    world.set({ tables: [table("a.example.com", [...others, bad("/bad"), good("/", "2")])] });
    await made.settled();
    equal(await answers("a.example.com", "/bad"), "500");
    equal(await answers("a.example.com", "/good-7"), "2");
    equal(await answers("a.example.com", "/"), "2");
    const [event] = made.contained;
    equal(made.contained.length, 1);
    equal(event?.parts.length, 1);
    match(event?.parts[0]?.message ?? "", /value/i);
    deepEqual([made.rejected, made.healed], [["http-80/a.example.com"], []]);

    // While it is refused, the rest changes: without another refusal, since what is bad is known.
    world.set({
      tables: [table("a.example.com", [bad("/bad"), good("/", "3")]), table("b.example.com", [good("/", "3")])],
    });
    await made.settled();
    equal(await answers("a.example.com", "/bad"), "500");
    equal(await answers("a.example.com", "/"), "3");
    equal(await answers("b.example.com", "/"), "3");
    equal(made.rejected.length, 1);

    // An Envoy that is started again gets no poison.
    const pid = made.served.envoy.state.state === "live" ? made.served.envoy.state.pid : 0;
    const restarting = made.served.envoy.when(({ state }) => state === "restarting");
    process.kill(pid, "SIGKILL");
    await restarting;
    await made.served.envoy.when(({ state }) => state === "live");
    await made.settled();
    equal(await answers("a.example.com", "/bad"), "500");
    equal(await answers("a.example.com", "/"), "3");
    equal(made.rejected.length, 1);

    world.set({ tables: [table("a.example.com", [good("/bad", "4"), good("/", "4")])] });
    await made.settled();
    equal(await answers("a.example.com", "/bad"), "4");
    deepEqual(made.healed, ["http-80/a.example.com"]);
  });

  test("several rules, one of them by its match: that one is dropped, for nobody knows which requests are its own", async () => {
    const made = await stage();
    const unmatched = rule({ ...good("/match"), name: "bad match", match: poison.match });
    write(made, [bad("/1"), good("/2"), unmatched, bad("/3"), good("/")]);
    await made.settled();
    equal(await made.answers("a.example.com", "/1"), "500");
    equal(await made.answers("a.example.com", "/2"), "1");
    equal(await made.answers("a.example.com", "/3"), "500");
    equal(await made.answers("a.example.com", "/match"), "1", "the last rule's");
    deepEqual(
      made.contained.at(-1)?.parts.map(({ dropped }) => dropped),
      [false, true, false],
    );
  });

  test("a new control plane finds it again, and Envoy keeps what it has meanwhile", async () => {
    const made = await stage();
    write(made, [bad("/bad"), good("/", "2")]);
    await made.settled();
    await made.served.restartServer({ observer: { contained: (event) => made.contained.push(event) } });
    await made.settled();
    equal(made.contained.length, 2);
    equal(await made.answers("a.example.com", "/bad"), "500");
    equal(await made.answers("a.example.com", "/"), "2");
  });

  function write(made: Stage, rules: readonly Rule[]): void {
    made.world.set({ tables: [table("a.example.com", rules)] });
  }
});
