import type { Clock } from "../clock.ts";

/** A clock that moves when told to. */
export class FakeClock implements Clock {
  /** How far it moves by itself each time that somebody looks at it, as if work took time. What is due then waits for {@link advance}. */
  perLook = 0;
  #now = 0;
  readonly #timers = new Set<{ readonly due: number; readonly run: () => void }>();

  now(): number {
    this.#now += this.perLook;
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { due: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on, and calls what becomes due on the way, each at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.run();
    }
    this.#now = Math.max(this.#now, end);
  }

  #next(end: number): { readonly due: number; readonly run: () => void } | undefined {
    return [...this.#timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
  }
}
