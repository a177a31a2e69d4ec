/** What a benchmark has to keep. */
export interface Limit {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
}

/** Prints each limit with PASS or FAIL. The process exits with 1 if one is not kept; a value that is no number keeps none. */
export function judge(limits: readonly Limit[]): void {
  for (const { what, value, atMost } of limits) {
    const passed = value <= atMost;
    console.log(`${passed ? "PASS" : "FAIL"}  ${what}: ${value.toFixed(2)} (at most ${atMost})`);
    if (!passed) process.exitCode = 1;
  }
}
