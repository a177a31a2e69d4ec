import { deepEqual, equal, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Batches } from "./batch.ts";
import { fixture, PROXY, scope } from "./testing/fixture.ts";
import { SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test("what is sent to several streams is encoded once, as long as one of them has not answered", async () => {
  const { delivery } = fixture([scope("s/a", [])]);
  const connect = () => {
    const sent: Uint8Array[] = [];
    const write = ([bytes]: readonly Uint8Array[]): boolean => sent.push(bytes ?? Buffer.alloc(0)) > 0;
    const { session } = delivery.open(PROXY, { node: "test", write });
    const request = { typeUrl: SCOPED_ROUTE_CONFIGURATION, subscribe: [], unsubscribe: [], initialVersions: new Map() };
    session.request({ ...request, nonce: "" });
    return { bytes: sent[0], acknowledge: () => session.request({ ...request, nonce: "1" }) };
  };
  // What a WeakRef was asked for stays until the end of a turn.
  const laterConnect = async () => {
    await turn();
    collectGarbage();
    await turn();
    return connect();
  };
  const first = connect();
  const second = await laterConnect();
  equal(second.bytes, first.bytes);
  first.acknowledge();
  second.acknowledge();
  const third = await laterConnect();
  notEqual(third.bytes, first.bytes);
});

test("what is put together is the last large batch, if it says the same, and otherwise what it says", () => {
  const batches = new Batches();
  const all = Array.from({ length: 100 }, (_, index) => scope(`s/${index}`, []));
  const put = (resources: readonly (typeof all)[number][], gone: readonly string[] = []) => {
    const draft = batches.draft(SCOPED_ROUTE_CONFIGURATION);
    for (const resource of resources) draft.add(resource.name, resource);
    for (const name of gone) draft.add(name, undefined);
    equal(draft.size, resources.length + gone.length);
    const batch = draft.batch();
    deepEqual(
      [...batch.entries],
      [...resources.map((resource) => [resource.name, resource]), ...gone.map((name) => [name, undefined])],
    );
    equal(batch.resources, resources.length);
    return batch;
  };
  const first = put(all);
  equal(put(all), first);
  notEqual(put(all.slice(0, 90)), first);
  put(all.slice(0, 3));
  put([]);
  put(all, ["s/gone"]);
  put(all.with(50, scope("s/50", [], { note: 2 })));
  put(all.slice(0, 70), ["s/80"]);
  put(all.toReversed());
});
