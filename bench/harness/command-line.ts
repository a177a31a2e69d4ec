/** How a result is printed. */
export type Output = "table" | "json";

/** For `options` of `parseArgs`: what every program takes. */
export const commonOptions = { output: { type: "string", default: "table" } } as const;

/** The same for programs that run against several implementations. */
export const clusterOptions = { ...commonOptions, implementations: { type: "string", default: "gatewright" } } as const;

/**
 * The value of `--output`.
 *
 * @throws TypeError if it is neither
 */
export function outputOf(text: string): Output {
  if (text === "table" || text === "json") return text;
  throw new TypeError("--output is table or json");
}

/**
 * Sizes, as they are given to an option.
 *
 * @throws TypeError if one is no whole number above 0
 * @example sizesOf("10,1000")  // [10, 1000]
 */
export function sizesOf(text: string): readonly number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
  throw new TypeError(`${text}: sizes are whole numbers above 0`);
}
