/** How often something may be done; times in milliseconds. */
export interface PaceOptions {
  /** So often at once, after some rest. */
  readonly burst: number;
  /** Then once in this time … */
  readonly spacingMs: number;
  /** … or in a tenth of how long it has been busy, if that is longer, up to this. */
  readonly longestSpacingMs: number;
}

/**
 * Slows down what is busy: at once first, then with pauses that grow with how long it goes on. What counts a thousand changes is
 * written some forty times, whether they take ten seconds or four minutes, and is late by a tenth of that at most.
 *
 * @example
 *   const pace = new Pace({ burst: 2, spacingMs: 1000, longestSpacingMs: 10_000 }, 0);
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

  constructor(options: PaceOptions, now: number) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#countedAt = now;
    this.#busySince = now;
  }

  /** Once more: how long that has to wait for its turn. */
  charge(now: number): number {
    const { burst } = this.#options;
    if (burst === Number.POSITIVE_INFINITY) return 0;
    const rested = this.#tokens + (now - this.#countedAt) / this.#spacing(now);
    if (rested >= burst) this.#busySince = now;
    this.#tokens = Math.min(burst, rested) - 1;
    this.#countedAt = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens * this.#spacing(now);
  }

  #spacing(now: number): number {
    const { spacingMs, longestSpacingMs } = this.#options;
    return Math.max(spacingMs, Math.min(longestSpacingMs, (now - this.#busySince) / 10));
  }
}
