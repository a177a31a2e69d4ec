/** The value that `percent` percent of the values do not exceed (nearest rank). NaN without values. */
export function percentile(values: readonly number[], percent: number): number {
  const ordered = [...values].sort((left, right) => left - right);
  return ordered[Math.max(0, Math.ceil((percent / 100) * ordered.length) - 1)] ?? Number.NaN;
}

/** 0 without values. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** NaN without values. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** A value that was measured again and again, and how far off it may well be: one standard error. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * Mean of values without the lowest and highest tenth, which are those that somebody else's work was in; its error is that of a trimmed
 * mean (Tukey and McLaughlin 1963), which counts what was left out as if it were the last that was not.
 */
export function trimmedMean(values: readonly number[]): Estimate {
  const ordered = [...values].sort((left, right) => left - right);
  const cut = Math.floor(ordered.length / 10);
  const kept = ordered.slice(cut, ordered.length - cut);
  const [lowest = Number.NaN, highest = Number.NaN] = [kept[0], kept.at(-1)];
  const drawnIn = ordered.map((value) => Math.min(highest, Math.max(lowest, value)));
  const centre = mean(drawnIn);
  const variance = sum(drawnIn.map((value) => (value - centre) ** 2)) / (ordered.length - 1);
  return { value: mean(kept), error: (Math.sqrt(variance / ordered.length) * ordered.length) / kept.length };
}
