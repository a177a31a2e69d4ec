import { equal, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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
