/** What a benchmark has to keep. */
export interface Limit {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
  /** Why the value tells nothing in this run; it is then neither kept nor broken. */
  readonly noVerdict?: string;
}

/** PASS: the limit is kept; a value that is no number keeps none. NONE: this run can't tell. */
export type Verdict = "PASS" | "FAIL" | "NONE";

export function verdictOf({ value, atMost, noVerdict }: Limit): Verdict {
  if (noVerdict !== undefined) return "NONE";
  return value <= atMost ? "PASS" : "FAIL";
}

/**
 * A limit from below, turned round: what is wanted, in what there is.
 *
 * @example atLeast("changes a second", 1.5, 1.4)  // { what: "1.4 in changes a second (1.50)", value: 0.93, atMost: 1 }
 */
export function atLeast(what: string, value: number, wanted: number): Limit {
  return { what: `${wanted} in ${what} (${value.toFixed(2)})`, value: wanted / value, atMost: 1 };
}

/** Prints each limit with its verdict. The process exits with 1 if one is not kept. */
export function judge(limits: readonly Limit[]): void {
  for (const limit of limits) console.log(line(limit));
  failFor(limits);
}

/** The process exits with 1 if a limit is not kept. */
export function failFor(limits: readonly Limit[]): void {
  if (limits.some((limit) => verdictOf(limit) === "FAIL")) process.exitCode = 1;
}

/** @example line({ what: "p99, ms", value: 3, atMost: 50 })  // "PASS  p99, ms: 3.00 (at most 50)" */
function line(limit: Limit): string {
  const { what, value, atMost, noVerdict } = limit;
  const why = noVerdict === undefined ? "" : `: ${noVerdict}`;
  return `${verdictOf(limit)}  ${what}: ${value.toFixed(2)} (at most ${Number(atMost.toFixed(3))})${why}`;
}
