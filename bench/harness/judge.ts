/** What a benchmark has to keep. */
export interface Limit {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
}

/** Whether a limit is kept; a value that is no number keeps none. */
export function isKept({ value, atMost }: Limit): boolean {
  return value <= atMost;
}

/** Prints each limit with PASS or FAIL. The process exits with 1 if one is not kept. */
export function judge(limits: readonly Limit[]): void {
  for (const limit of limits) console.log(verdict(limit));
  if (!limits.every(isKept)) process.exitCode = 1;
}

/** @example verdict({ what: "p99, ms", value: 3, atMost: 50 })  // "PASS  p99, ms: 3.00 (at most 50)" */
function verdict(limit: Limit): string {
  return `${isKept(limit) ? "PASS" : "FAIL"}  ${limit.what}: ${limit.value.toFixed(2)} (at most ${limit.atMost})`;
}
