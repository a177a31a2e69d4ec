import { deepEqual, equal } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { ApiError } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { takePart } from "./leader-election.ts";

/** A Lease on an API server that can be cut off. */
class LeaseStore {
  lease: ApiObject | undefined;
  cutOff: string | undefined;
  #version = 0;

  /** As one replica reaches it. */
  clientOf(identity: string) {
    const reach = <Value>(value: () => Value): Promise<Value> =>
      this.cutOff === identity
        ? Promise.reject(new ApiError("cut off", { reason: "Unreachable", status: 0 }))
        : Promise.resolve().then(value);
    const write = (lease: ApiObject): ApiObject => {
      if (lease.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
        throw new ApiError("changed", { reason: "Conflict", status: 409 });
      }
      this.#version += 1;
      this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
      return this.lease;
    };
    return {
      get: () => reach(() => this.lease),
      create: (_resource: unknown, lease: ApiObject) => reach(() => write(lease)),
      replace: (_resource: unknown, lease: ApiObject) => reach(() => write(lease)),
    };
  }
}

const timing = { leaseMs: 1_000, renewMs: 400, retryMs: 20 };

describe("leader election", { timeout: 20_000 }, () => {
  test("there is one leader; another follows when it gives the lease back, or is cut off, and then it knows", async () => {
    const store = new LeaseStore();
    const changes = new EventEmitter();
    const leaders: string[] = [];
    const told: string[] = [];
    const join = (identity: string) => {
      const stop = new AbortController();
      const ended = takePart(
        {
          client: store.clientOf(identity),
          namespace: "gatewright-system",
          name: "gatewright",
          identity,
          started: () => {
            leaders.push(identity);
            told.push(`${identity} leads`);
            changes.emit("change");
          },
          stopped: () => {
            leaders.splice(leaders.indexOf(identity), 1);
            told.push(`${identity} does not lead`);
            changes.emit("change");
          },
          failed: () => {},
          timing,
        },
        stop.signal,
      );
      return async () => {
        stop.abort();
        await ended;
      };
    };
    const until = async (identity: string): Promise<void> => {
      while (leaders.join() !== identity) await once(changes, "change");
    };

    const leaveA = join("a");
    await until("a");
    const leaveB = join("b");
    await leaveA();
    await until("b");
    const leaveC = join("c");
    store.cutOff = "b";
    await until("c");
    deepEqual(told, ["a leads", "a does not lead", "b leads", "b does not lead", "c leads"]);
    await leaveB();
    await leaveC();
    equal(leaders.length, 0);
  });
});
