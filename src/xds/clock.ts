/** Time, for what waits. Tests supply one that they move themselves. */
export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls `then` once, and returns a function that prevents it. */
  after(milliseconds: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
