import { CollectionError } from "./error.ts";
import type { InputEngine } from "./input.ts";
import type { Scheduled } from "./node.ts";

/** A collection at its creation. */
interface Buildable {
  build(): void;
  connect(): void;
  release(): void;
}

/**
 * Runs transactions, one whole one after the other: writes are collected, then applied; collections settle in the order of
 * their creation, each at most once and after all that it reads; then subscribers, errors and commit observers are called.
 */
export class Transactions implements InputEngine {
  readonly #onError: ((error: CollectionError) => void) | undefined;
  readonly #commitObservers = new Set<{ readonly observe: () => void }>();
  /** Writes of the transaction whose function is running. */
  #writes: (() => void)[] | undefined;
  /** Complete transactions that wait for the running one. */
  readonly #waiting: (() => void)[][] = [];
  /** Collections still to be settled, the next one last. */
  readonly #queue: Scheduled[] = [];
  #errors: CollectionError[] = [];
  #settling = false;
  #running = false;

  constructor(onError: ((error: CollectionError) => void) | undefined) {
    this.#onError = onError;
  }

  get settling(): boolean {
    return this.#settling;
  }

  refuseWhileSettling(what: string): void {
    if (this.#settling) throw new Error(`${what} while a derivation runs: derivations are pure functions`);
  }

  transaction<R>(change: () => R): R {
    this.refuseWhileSettling("a transaction was begun");
    const outer = this.#writes;
    const writes = outer ?? [];
    const mark = writes.length;
    this.#writes = writes;
    let result: R;
    try {
      result = change();
      if (result instanceof Promise) throw new Error("a transaction is synchronous, its function may not be async");
    } catch (error) {
      writes.length = mark;
      throw error;
    } finally {
      this.#writes = outer;
    }
    if (outer === undefined && writes.length > 0) {
      this.#waiting.push(writes);
      this.#runWaiting();
    }
    return result;
  }

  write(collection: string, write: () => void): void {
    this.refuseWhileSettling(`"${collection}" was written to`);
    if (this.#writes === undefined) this.transaction(() => void this.#writes?.push(write));
    else this.#writes.push(write);
  }

  schedule(node: Scheduled): void {
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1]?.order ?? 0) < node.order) at -= 1;
    this.#queue.splice(at, 0, node);
  }

  fail(error: CollectionError): void {
    this.#errors.push(error);
  }

  onCommit(observe: () => void): () => void {
    const observer = { observe };
    this.#commitObservers.add(observer);
    return () => void this.#commitObservers.delete(observer);
  }

  /** Without `onError`, a collection that cannot be derived from what is there is not created. */
  build(node: Buildable): void {
    const errors = this.#errors;
    this.#errors = [];
    this.#settling = true;
    try {
      node.build();
    } finally {
      this.#settling = false;
    }
    const unhandled = this.#report();
    this.#errors = errors;
    if (unhandled.length > 0) node.release();
    throwAll(unhandled);
    node.connect();
  }

  #runWaiting(): void {
    if (this.#running) return;
    this.#running = true;
    let unhandled: readonly unknown[] = [];
    try {
      for (let writes = this.#waiting.shift(); writes !== undefined; writes = this.#waiting.shift())
        unhandled = unhandled.concat(this.#run(writes));
    } finally {
      this.#running = false;
    }
    throwAll(unhandled);
  }

  #run(writes: readonly (() => void)[]): readonly unknown[] {
    const changed = this.#settle(writes);
    for (const node of changed) node.deliver();
    const unhandled = [...this.#report()];
    if (changed.length === 0) return unhandled;
    const observers = [...this.#commitObservers];
    for (const observer of observers) {
      if (!this.#commitObservers.has(observer)) continue;
      try {
        observer.observe();
      } catch (cause) {
        this.fail(new CollectionError(undefined, undefined, cause));
      }
    }
    return [...unhandled, ...this.#report()];
  }

  #settle(writes: readonly (() => void)[]): readonly Scheduled[] {
    const changed: Scheduled[] = [];
    this.#settling = true;
    try {
      for (const write of writes) write();
      for (let node = this.#queue.pop(); node !== undefined; node = this.#queue.pop())
        if (node.settle()) changed.push(node);
    } finally {
      this.#settling = false;
    }
    return changed;
  }

  /** Hands all errors to `onError`; what it does not take is returned. */
  #report(): readonly unknown[] {
    const errors = this.#errors;
    this.#errors = [];
    const onError = this.#onError;
    if (onError === undefined) return errors;
    return errors.flatMap((error) => {
      try {
        onError(error);
        return [];
      } catch (thrown) {
        return [thrown];
      }
    });
  }
}

function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} functions of collections threw`);
}
