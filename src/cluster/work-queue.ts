import { fullJitter } from "../kubernetes/backoff.ts";
import { Pace, type PaceOptions } from "./pace.ts";

export interface WorkQueueOptions {
  /** Brings the world in line with what is wanted for a key. Throws if it could not: it is asked again, later each time. */
  readonly work: (key: string) => Promise<void>;
  readonly failed: (failure: { readonly key: string; readonly error: unknown; readonly delayMs: number }) => void;
  /** How many keys at once; never one twice. */
  readonly concurrency: number;
  /** How long a key waits before it is worked on: what comes meanwhile is one piece of work. */
  readonly settleMs?: number;
  /** How often a key may be worked on. Default: without bounds. */
  readonly pace?: PaceOptions;
  /** Keys that go before others that wait, too. */
  readonly first?: (key: string) => boolean;
}

/** Keys that have yet to be brought in line, those that failed and wait for another try included. */
export interface Backlog {
  readonly keys: number;
  /** For how long the oldest of them has waited. */
  readonly oldestSeconds: number;
}

const unbounded: PaceOptions = {
  burst: Number.POSITIVE_INFINITY,
  spacingMs: 0,
  longestSpacingMs: 0,
  pauseMs: 0,
  asksPerPause: 1,
};

interface Entry {
  /** Since when it has not been in line. */
  askedAt: number | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Runs beside `timer` where the key's pace is what it waits for. */
  pause: NodeJS.Timeout | undefined;
  queued: boolean;
  working: boolean;
  /** Asked for again while it was being worked on. */
  again: boolean;
  failures: number;
  readonly pace: Pace;
}

/**
 * Work by key: what is asked for many times is done once, a key that fails is tried again with backoff, and a key that is
 * busy all the time is slowed down, so that no object is written more often than anybody could read it.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  readonly #entries = new Map<string, Entry>();
  readonly #ready: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #paused = true;
  #closed = false;

  /** It begins paused. */
  constructor(options: WorkQueueOptions) {
    this.#options = { settleMs: 0, pace: unbounded, first: () => false, ...options };
  }

  /** @param delayMs not before this time has passed, if it isn't asked for by others */
  add(key: string, delayMs = 0): void {
    if (this.#closed) return;
    const entry = this.#entry(key);
    entry.askedAt ??= performance.now();
    entry.pace.ask();
    if (entry.working) entry.again = true;
    else if (entry.failures === 0 || entry.timer === undefined) this.#schedule(key, entry, delayMs);
  }

  get backlog(): Backlog {
    const asked = [...this.#entries.values()].flatMap(({ askedAt }) => askedAt ?? []);
    const oldest = asked.reduce((first, next) => Math.min(first, next), performance.now());
    return { keys: asked.length, oldestSeconds: (performance.now() - oldest) / 1000 };
  }

  /** Works from now on. */
  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /** Begins nothing new. What is asked for meanwhile waits. */
  pause(): void {
    this.#paused = true;
  }

  /** Resolves when nothing is left to be done or tried again. */
  async idle(): Promise<void> {
    while (this.#busy > 0 || this.#ready.length > 0 || [...this.#entries.values()].some(({ timer }) => timer)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The key is gone for good. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.working || entry.queued) return;
    clearTimers(entry);
    this.#entries.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) clearTimers(entry);
    this.#entries.clear();
    this.#ready.length = 0;
  }

  /** Nothing is kept of a key that is in line and could be worked on at once: each key that is done looks at two others. */
  #forgetRested(): void {
    const now = performance.now();
    const entries = this.#entries.entries();
    for (let looked = 0; looked < 2; looked += 1) {
      const next = entries.next();
      if (next.done === true) return;
      const [key, entry] = next.value;
      this.#entries.delete(key);
      const { askedAt, timer, queued, working, failures, pace } = entry;
      const isBusy = askedAt !== undefined || timer !== undefined || queued || working || failures > 0;
      if (isBusy || !pace.hasRested(now)) this.#entries.set(key, entry);
    }
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      askedAt: undefined,
      timer: undefined,
      pause: undefined,
      queued: false,
      working: false,
      again: false,
      failures: 0,
      pace: new Pace(this.#options.pace, performance.now()),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #schedule(key: string, entry: Entry, delayMs: number): void {
    if (entry.queued) return;
    if (entry.timer !== undefined) {
      if (entry.pause !== undefined) this.#awaitPause(key, entry);
      return;
    }
    const { settleMs } = this.#options;
    const ownMs = Math.max(delayMs, settleMs);
    const turnMs = entry.pace.charge(performance.now());
    entry.timer = setTimeout(() => this.#queue(key, entry), Math.max(ownMs, turnMs));
    if (turnMs > entry.pace.pauseMs && delayMs === 0) this.#awaitPause(key, entry);
  }

  /** The key need not wait for its turn any longer if nobody asks for it again. */
  #awaitPause(key: string, entry: Entry): void {
    clearTimeout(entry.pause);
    const over = () => {
      entry.pace.takePause(performance.now());
      this.#queue(key, entry);
    };
    entry.pause = setTimeout(over, entry.pace.pauseMs);
  }

  #queue(key: string, entry: Entry): void {
    clearTimers(entry);
    entry.queued = true;
    if (this.#options.first(key)) this.#ready.unshift(key);
    else this.#ready.push(key);
    this.#run();
  }

  #run(): void {
    while (!this.#paused && !this.#closed && this.#busy < this.#options.concurrency) {
      const key = this.#ready.shift();
      if (key === undefined) break;
      void this.#work(key);
    }
    if (this.#busy === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #work(key: string): Promise<void> {
    const entry = this.#entry(key);
    entry.queued = false;
    entry.working = true;
    this.#busy += 1;
    let delayMs: number | undefined;
    try {
      await this.#options.work(key);
      entry.failures = 0;
      if (!entry.again) entry.askedAt = undefined;
    } catch (error) {
      entry.failures += 1;
      delayMs = 100 + fullJitter(entry.failures, Math.random());
      if (!this.#closed) this.#options.failed({ key, error, delayMs });
    }
    entry.working = false;
    this.#busy -= 1;
    if (!this.#closed && (entry.again || delayMs !== undefined)) {
      entry.again = false;
      this.#schedule(key, entry, delayMs ?? 0);
    }
    this.#forgetRested();
    this.#run();
  }
}

function clearTimers(entry: Entry): void {
  clearTimeout(entry.timer);
  clearTimeout(entry.pause);
  entry.timer = undefined;
  entry.pause = undefined;
}
