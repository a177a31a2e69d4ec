import type { Clock } from "./clock.ts";

interface Waiting {
  readonly client: string;
  readonly take: () => void;
}

/**
 * Lets so many start at a time, while the others wait in line: what each takes only while it starts is then taken so many times, and
 * the first ones are done early. A place that is free goes to the client that has the fewest, so that one that comes often keeps up
 * itself alone.
 */
export class Admission {
  readonly #places: () => number;
  readonly #milliseconds: number;
  readonly #clock: Clock;
  readonly #line = new Set<Waiting>();
  /** Places that are taken, by client. */
  readonly #placesOf = new Map<string, number>();
  #taken = 0;

  /**
   * @param places how many there are, asked each time that somebody wants one
   * @param milliseconds after which a place is given to the next one all the same
   */
  constructor(places: () => number, milliseconds: number, clock: Clock) {
    this.#places = places;
    this.#milliseconds = milliseconds;
    this.#clock = clock;
  }

  /**
   * Calls `start` when a place is free, at once if one is.
   *
   * @param client who it is; many may be one
   * @returns to be called when it has started, or no longer wants to
   */
  enter(client: string, start: () => void): () => void {
    let leave: (() => void) | undefined;
    const take = (): void => {
      leave = this.#take(client);
      start();
    };
    const waiting = { client, take };
    if (this.#taken < this.#places()) take();
    else this.#line.add(waiting);
    return () => {
      this.#line.delete(waiting);
      leave?.();
    };
  }

  #take(client: string): () => void {
    this.#count(client, 1);
    let isLeft = false;
    const leave = (): void => {
      if (isLeft) return;
      isLeft = true;
      cancel();
      this.#count(client, -1);
      this.#next();
    };
    const cancel = this.#clock.after(this.#milliseconds, leave);
    return leave;
  }

  /** Not now: whoever leaves is at work, and others have something to do, too. */
  #next(): void {
    setImmediate(() => {
      if (this.#taken >= this.#places()) return;
      const next = this.#first();
      if (next === undefined) return;
      this.#line.delete(next);
      next.take();
    });
  }

  /** Of those whose client has the fewest places, the one that came first. */
  #first(): Waiting | undefined {
    let first: Waiting | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const waiting of this.#line) {
      const places = this.#placesOf.get(waiting.client) ?? 0;
      if (places >= fewest) continue;
      first = waiting;
      fewest = places;
      if (places === 0) break;
    }
    return first;
  }

  #count(client: string, by: 1 | -1): void {
    this.#taken += by;
    const places = (this.#placesOf.get(client) ?? 0) + by;
    if (places === 0) this.#placesOf.delete(client);
    else this.#placesOf.set(client, places);
  }
}
