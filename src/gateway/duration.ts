/**
 * Milliseconds of a duration as GEP-2257 writes it: up to four of h, m, s and ms, as in `1h30m` or `500ms`. The schema
 * has refused everything else.
 *
 * @example milliseconds("1m500ms")  // 60500
 */
export function milliseconds(duration: string): number {
  let total = 0;
  for (const [, amount = "0", unit = "ms"] of duration.matchAll(/(\d+)(h|ms|m|s)/g)) {
    total += Number(amount) * (units[unit] ?? 0);
  }
  return total;
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
