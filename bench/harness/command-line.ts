/** How a result is printed. */
export type Output = "table" | "json";

/** For `options` of `parseArgs`: an option with a value. */
export function text(value: string) {
  return { type: "string", default: value } as const;
}

/** For `options` of `parseArgs`: one that is there or not. */
export const flag = { type: "boolean", default: false } as const;

/** For `options` of `parseArgs`: what every program takes. */
export const commonOptions = { output: text("table") } as const;

/** The same for programs that run against several implementations. */
export const clusterOptions = { ...commonOptions, implementations: text("gatewright") } as const;

/**
 * The value of `--output`.
 *
 * @throws TypeError if it is neither
 */
export function outputOf(value: string): Output {
  if (value === "table" || value === "json") return value;
  throw new TypeError("--output is table or json");
}

/**
 * Sizes, as they are given to an option.
 *
 * @throws TypeError if one is no whole number above 0
 * @example sizesOf("10,1000")  // [10, 1000]
 */
export function sizesOf(value: string): readonly number[] {
  const numbers = value.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers;
  throw new TypeError(`${value}: sizes are whole numbers above 0`);
}
