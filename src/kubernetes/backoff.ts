/** The bounds of a delay that doubles with each failure in a row. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** An API server that was away is noticed within ten seconds of its return. */
export const defaultBackoff: BackoffBounds = { firstMs: 200, longestMs: 10_000 };

/**
 * How long to wait after the `failures`-th failure in a row (from 1): full jitter, anything from none to all of the
 * doubled delay, so that many clients that lost one server come back spread out.
 *
 * @param random in [0, 1), as Math.random gives it
 * @example fullJitter(3, 0.5)  // 400
 */
export function fullJitter(failures: number, random: number, bounds: BackoffBounds = defaultBackoff): number {
  return Math.round(random * Math.min(bounds.longestMs, bounds.firstMs * 2 ** (failures - 1)));
}
