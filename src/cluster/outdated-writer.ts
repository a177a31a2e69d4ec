import type { Collection } from "../collections/collection.ts";
import { type Backlog, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

export interface OutdatedWriterOptions<Value> extends Pick<WorkQueueOptions, "failed" | "concurrency"> {
  /** What is not as it is to be; a key goes when it is. */
  readonly outdated: Collection<Value>;
  /** Puts one of them right. Throws if it could not: it is asked again, later each time. */
  readonly write: (key: string, value: Value) => Promise<void>;
}

/** Puts right what a collection says is not as it is to be, as long as we are the leader. */
export class OutdatedWriter<Value> {
  readonly #outdated: Collection<Value>;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;

  constructor({ outdated, write, failed, concurrency }: OutdatedWriterOptions<Value>) {
    const work = async (key: string): Promise<void> => {
      const value = outdated.get(key);
      if (value !== undefined) await write(key, value);
    };
    this.#outdated = outdated;
    this.#queue = new WorkQueue({ work, failed, concurrency, settleMs: 20 });
    this.#unsubscribe = outdated.subscribe((changes) => {
      for (const { key } of changes) this.#queue.add(key);
    });
  }

  /** We are the leader: looks at everything once, then at what changes. */
  start(): void {
    for (const [key] of this.#outdated.entries()) this.#queue.add(key);
    this.#queue.resume();
  }

  stop(): void {
    this.#queue.pause();
  }

  /** Resolves when nothing is left to be written. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  get backlog(): Backlog {
    return this.#queue.backlog;
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }
}
