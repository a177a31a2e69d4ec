import { setTimeout as delay } from "node:timers/promises";

/**
 * Tries until `attempt` doesn't throw, and gives what it returned.
 *
 * @throws what the last attempt threw, when the bound is over.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, within = 15_000): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await delay(20);
  }
}

/** Fails if `promise` takes longer than the bound. */
export async function bounded<T>(promise: Promise<T>, within: number, what: string): Promise<T> {
  const timeout = new AbortController();
  const expired = delay(within, undefined, { signal: timeout.signal }).then(
    () => Promise.reject(new Error(`${what} took longer than ${within} ms`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timeout.abort();
  }
}
