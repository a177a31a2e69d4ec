import type { Collection } from "../collections/collection.ts";
import type { ObjectStatus } from "./object-status.ts";

/** A status whose conditions say since when they are as they are. */
export type TimedStatus = ObjectStatus["status"];

/**
 * Adds `lastTransitionTime` to the conditions of every object: the time at which a condition's `status` last changed. A
 * new reason or message moves it not, as the API's conventions ask.
 *
 * For where no API server remembers it.
 */
export class TransitionTimes {
  readonly #timed = new Map<string, TimedStatus>();
  readonly #end: () => void;

  constructor(statuses: Collection<ObjectStatus>, now: () => Date = () => new Date()) {
    for (const [key, { status }] of statuses.entries()) this.#timed.set(key, timed(status, undefined, now()));
    this.#end = statuses.subscribe((changes) => {
      for (const { key, after } of changes) {
        if (after === undefined) this.#timed.delete(key);
        else this.#timed.set(key, timed(after.status, this.#timed.get(key), now()));
      }
    });
  }

  /** By the key of the status. */
  get(key: string): TimedStatus | undefined {
    return this.#timed.get(key);
  }

  close(): void {
    this.#end();
  }
}

interface TimedCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

interface Holder {
  readonly conditions?: readonly TimedCondition[];
}

function timed(status: TimedStatus, before: TimedStatus | undefined, now: Date): TimedStatus {
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const stamp = <Holding extends Holder>(holder: Holding, previous: Holder | undefined): Holding => ({
    ...holder,
    conditions: (holder.conditions ?? []).map((condition) => {
      const same = previous?.conditions?.find(({ type }) => type === condition.type);
      const unchanged = same?.status === condition.status ? same.lastTransitionTime : undefined;
      return { ...condition, lastTransitionTime: unchanged ?? time };
    }),
  });
  if ("parents" in status) {
    const parents = before !== undefined && "parents" in before ? before.parents : [];
    const nameOf = (parent: (typeof parents)[number]) => JSON.stringify(parent.parentRef);
    const known = new Map(parents.map((parent) => [nameOf(parent), parent]));
    return { ...status, parents: status.parents.map((parent) => stamp(parent, known.get(nameOf(parent)))) };
  }
  if ("ancestors" in status) {
    const ancestors = before !== undefined && "ancestors" in before ? before.ancestors : [];
    const nameOf = (ancestor: (typeof ancestors)[number]) => JSON.stringify(ancestor.ancestorRef);
    const known = new Map(ancestors.map((ancestor) => [nameOf(ancestor), ancestor]));
    return { ancestors: status.ancestors.map((ancestor) => stamp(ancestor, known.get(nameOf(ancestor)))) };
  }
  const own = stamp(status, before !== undefined && "conditions" in before ? before : undefined);
  if (!("listeners" in own)) return own;
  const listeners = before !== undefined && "listeners" in before ? before.listeners : [];
  const known = new Map(listeners.map((listener) => [listener.name, listener]));
  return { ...own, listeners: own.listeners.map((listener) => stamp(listener, known.get(listener.name))) };
}
