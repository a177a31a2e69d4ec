/** How often something may be done; times in milliseconds. */
export interface PaceOptions {
  /** So often at once, after some rest. */
  readonly burst: number;
  /** Then once in this time … */
  readonly spacingMs: number;
  /** … or in a fifth of how long it has been busy, if that is longer, up to this. */
  readonly longestSpacingMs: number;
  /**
   * Not asked for again for so long, it need not wait for its turn. Each time that this was taken for the end and was none, the next
   * pause has to be half as long again, until there is some rest …
   */
  readonly pauseMs: number;
  /** … or until it has been asked for so often, which pays for one of them. */
  readonly asksPerPause: number;
}

/**
 * Slows down what is busy: at once first, then with pauses that grow with how long it goes on. What counts a thousand changes is
 * written some forty times, whether they take ten seconds or four minutes, and is right soon after the last.
 *
 * Nobody can tell the last change from one that is followed by a pause. So the pause that is taken for the end becomes as long as
 * makes one change in `asksPerPause` look like the last, whatever the time between them.
 *
 * @example
 *   const pace = new Pace({ burst: 2, spacingMs: 1000, longestSpacingMs: 10_000, pauseMs: 20, asksPerPause: 40 }, 0);
 *   pace.charge(0); // 0
 *   pace.charge(0); // 0
 *   pace.charge(0); // 1000: not before a second has passed
 */
export class Pace {
  readonly #options: PaceOptions;
  /** How many are still free. Below 0: how many are asked for in advance. */
  #tokens: number;
  #countedAt: number;
  #busySince: number;
  /** Pauses that were taken for the end, and are not paid for. */
  #unpaid = 0;

  constructor(options: PaceOptions, now: number) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#countedAt = now;
    this.#busySince = now;
  }

  /** How long nobody may ask for it, so that it need not wait for its turn. */
  get pauseMs(): number {
    return this.#options.pauseMs * 1.5 ** this.#unpaid;
  }

  /** It is asked for, whether or not it waits already. */
  ask(): void {
    this.#unpaid = Math.max(0, this.#unpaid - 1 / this.#options.asksPerPause);
  }

  /** Whether it is as it was at first: nobody needs to remember that it was ever busy. */
  hasRested(now: number): boolean {
    return this.#free(now) >= this.#options.burst;
  }

  /** Once more: how long that has to wait for its turn. */
  charge(now: number): number {
    const { burst } = this.#options;
    if (burst === Number.POSITIVE_INFINITY) return 0;
    const rested = this.#free(now);
    if (rested >= burst) {
      this.#busySince = now;
      this.#unpaid = 0;
    }
    this.#tokens = Math.min(burst, rested) - 1;
    this.#countedAt = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens * this.#spacing(now);
  }

  /** Nothing more was asked for since {@link Pace.pauseMs}: what waits is done now. */
  takePause(now: number): void {
    this.#unpaid += 1;
    this.#tokens = 0;
    this.#countedAt = now;
  }

  /** Grows without end while nothing is asked for. */
  #free(now: number): number {
    return this.#tokens + (now - this.#countedAt) / this.#spacing(this.#countedAt);
  }

  #spacing(now: number): number {
    const { spacingMs, longestSpacingMs } = this.#options;
    return Math.max(spacingMs, Math.min(longestSpacingMs, (now - this.#busySince) / 5));
  }
}
