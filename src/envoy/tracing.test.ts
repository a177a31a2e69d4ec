import { deepEqual, equal, match as matches } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Share, Tracing } from "../ir/tracing.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, origin, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { ask } from "./testing/request.ts";

const all: Share = { numerator: 1, denominator: 1 };
const none: Share = { numerator: 0, denominator: 1 };
/** Of shares that are neither, a request says little: what becomes of many is a matter of chance. */
const nearlyAll: Share = { numerator: 1_048_575, denominator: 1_048_576 };
const hardlyAny: Share = { numerator: 1, denominator: 1_048_576 };
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

const collector = { cluster: "collector", protocol: "gRPC", authority: "collector.test", headers: [] } as const;

/** Whether a request is recorded that begins a trace, that is of one which its client records, and of one which it does not. */
const samplings: readonly {
  readonly name: string;
  readonly sampling: Share;
  readonly samplingOfParents?: Share;
  readonly recorded: readonly [boolean, boolean, boolean];
}[] = [
  { name: "everything", sampling: all, samplingOfParents: all, recorded: [true, true, false] },
  { name: "new", sampling: all, samplingOfParents: none, recorded: [true, false, false] },
  { name: "parents", sampling: none, samplingOfParents: all, recorded: [false, true, false] },
  { name: "nothing", sampling: none, samplingOfParents: none, recorded: [false, false, false] },
  { name: "nearly-all", sampling: nearlyAll, samplingOfParents: nearlyAll, recorded: [true, true, false] },
  { name: "hardly-any", sampling: hardlyAny, samplingOfParents: hardlyAny, recorded: [false, false, false] },
  {
    name: "a-third",
    sampling: none,
    samplingOfParents: { numerator: 1, denominator: 3 },
    recorded: [false, false, false],
  },
  { name: "whatever-clients-say", sampling: all, recorded: [true, true, true] },
  { name: "nothing-whatever-clients-say", sampling: none, recorded: [false, false, false] },
];

describe("tracing", () => {
  let app: TestBackend;
  let proxy: TestProxy;

  before(async () => {
    app = await startBackend("app");
    const traced = samplings.map(({ name, sampling, samplingOfParents }): [string, Tracing] => [
      name,
      {
        collector,
        serviceName: "test",
        attributes: [],
        sampling,
        ...(samplingOfParents === undefined ? {} : { samplingOfParents }),
      },
    ]);
    const rules = [rule({ action: forward([to("app")]) })];
    const listeners = [
      httpListener("untraced"),
      ...traced.map(([name, tracing]) =>
        httpListener(name, { chains: [{ kind: "http", name, serverNames: [], origins: [origin], tracing }] }),
      ),
    ];
    proxy = await startProxy({
      backends: [backend("app", [app.port]), backend("collector", [], { protocol: "HTTP/2" })],
      listeners,
      // By its wildcard's table, which is found only after the decision.
      tables: listeners.flatMap(({ name }) => [table("*.test", rules, name), table("*", [], name)]),
    });
  });

  after(async () => {
    await proxy?.stop();
    await app?.stop();
  });

  const traceparent = async (listener: string, headers: Readonly<Record<string, string>> = {}) =>
    (await ask(proxy.port(listener), { host: "a.test", headers })).seen?.headers["traceparent"];
  const flags = (value: unknown) => String(value).slice(-2);

  for (const { name, recorded } of samplings) {
    test(`${name}: new ${recorded[0]}, recorded by the client ${recorded[1]}, not recorded ${recorded[2]}`, async () => {
      const answers = [
        await traceparent(name),
        await traceparent(name, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }),
        await traceparent(name, { traceparent: `00-${traceId}-00f067aa0ba902b7-00` }),
      ];
      deepEqual(
        answers.map((answer) => flags(answer) === "01"),
        recorded,
      );
      for (const answer of answers.slice(1)) matches(String(answer), new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)`));
    });
  }

  test("a share of the traces that clients record, told by the random digits of their ids", async () => {
    const parent = (id: string) => ({ traceparent: `00-${id}-00f067aa0ba902b7-01` });
    // A third of 100000 (hexadecimal) is 55555.
    const recorded = async (random: string) =>
      flags(await traceparent("a-third", parent(`65d8679a00000000ff${random}a3ce929d0`))) === "01";
    deepEqual(
      [await recorded("00000"), await recorded("55554"), await recorded("55555"), await recorded("fffff")],
      [true, true, false, false],
    );
  });

  test("a client can't have its request recorded by x-client-trace-id", async () => {
    equal(flags(await traceparent("parents", { "x-client-trace-id": "1" })), "00");
  });

  test("without a policy, a trace passes as it came", async () => {
    const sent = `00-${traceId}-00f067aa0ba902b7-01`;
    deepEqual([await traceparent("untraced"), await traceparent("untraced", { traceparent: sent })], [undefined, sent]);
  });
});
