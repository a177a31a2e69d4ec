/**
 * When requests are due at a steady rate, whether or not answers come: an open loop. Whoever falls behind by more than a quarter of
 * a second (a busy machine) leaves out what is older, and counts it.
 */
export class Pace {
  readonly #rate: number;
  readonly #longestBacklog: number;
  #from: number;
  #taken = 0;
  #leftOut = 0;

  /** @param rate per second */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#longestBacklog = Math.ceil(rate / 4);
    this.#from = now;
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  /** How many are due at `now` and have not been taken. */
  due(now: number): number {
    const backlog = Math.floor(((now - this.#from) * this.#rate) / 1000) - this.#taken;
    if (backlog <= this.#longestBacklog) return backlog;
    const late = backlog - this.#longestBacklog;
    this.#leftOut += late;
    this.#taken += late;
    return this.#longestBacklog;
  }

  take(): void {
    this.#taken += 1;
  }
}
