/** The bounds of a delay that doubles with each failure in a row. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

export const restartBackoff: BackoffBounds = { firstMs: 100, longestMs: 10_000 };

/**
 * How long to wait after the `failures`-th failure in a row (from 1), in milliseconds.
 *
 * Jitter takes off up to a half, so many supervisors that fail together don't try again together,
 * and no delay is ever near zero.
 *
 * @param random in [0, 1), as Math.random gives it
 * @example backoff(1, 0)  // 100
 * @example backoff(3, 0.5)  // 300
 */
export function backoff(failures: number, random: number, bounds: BackoffBounds = restartBackoff): number {
  const whole = Math.min(bounds.longestMs, bounds.firstMs * 2 ** (failures - 1));
  return Math.round(whole * (1 - random / 2));
}
