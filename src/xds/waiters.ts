import { SparseMap } from "./sparse.ts";

/** Resources that wait for another one, by what they wait for. */
export class Waiters<Subscription> {
  readonly #waiting = new SparseMap<string, Map<Subscription, Set<string>>>();

  add(typeUrl: string, name: string, subscription: Subscription, waiter: string): void {
    const key = `${typeUrl}|${name}`;
    let subscriptions = this.#waiting.get(key);
    if (subscriptions === undefined) {
      subscriptions = new Map();
      this.#waiting.set(key, subscriptions);
    }
    const names = subscriptions.get(subscription);
    if (names === undefined) subscriptions.set(subscription, new Set([waiter]));
    else names.add(waiter);
  }

  /** Who waits for it. They are forgotten here: whoever still has to wait says so again. */
  take(typeUrl: string, name: string): Iterable<readonly [Subscription, ReadonlySet<string>]> {
    if (this.#waiting.size === 0) return [];
    const key = `${typeUrl}|${name}`;
    const subscriptions = this.#waiting.get(key);
    if (subscriptions === undefined) return [];
    this.#waiting.delete(key);
    return subscriptions;
  }
}
