import type { Clock } from "./clock.ts";

/**
 * Lets so many start at a time, while the others wait in line: what each takes only while it starts is then taken so many times, and
 * the first ones are done early.
 */
export class Admission {
  readonly #places: number;
  readonly #milliseconds: number;
  readonly #clock: Clock;
  readonly #line = new Set<() => void>();
  #taken = 0;

  /** @param milliseconds after which a place is given to the next one all the same */
  constructor(places: number, milliseconds: number, clock: Clock) {
    this.#places = places;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
  }

  /**
   * Calls `start` when a place is free, at once if one is.
   *
   * @returns to be called when it has started, or no longer wants to
   */
  enter(start: () => void): () => void {
    let leave: (() => void) | undefined;
    const take = (): void => {
      leave = this.#take();
      start();
    };
    if (this.#taken < this.#places) take();
    else this.#line.add(take);
    return () => {
      this.#line.delete(take);
      leave?.();
    };
  }

  #take(): () => void {
    this.#taken += 1;
    let isLeft = false;
    const leave = (): void => {
      if (isLeft) return;
      isLeft = true;
      cancel();
      this.#taken -= 1;
      this.#next();
    };
    const cancel = this.#clock.after(this.#milliseconds, leave);
    return leave;
  }

  /** Not now: whoever leaves is at work, and others have something to do, too. */
  #next(): void {
    setImmediate(() => {
      if (this.#taken >= this.#places) return;
      for (const take of this.#line) {
        this.#line.delete(take);
        take();
        return;
      }
    });
  }
}
