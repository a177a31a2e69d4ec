import {
  FractionalPercent_DenominatorType,
  type FractionalPercentSchema,
} from "./generated/envoy/type/v3/percent_pb.ts";
import type { Init } from "./message.ts";

const MILLION = 1_000_000;

/**
 * A share as Envoy counts it: in hundredths where that is exact, else in millionths, rounded.
 *
 * @example fraction(1, 4)  // 25 of HUNDRED
 */
export function fraction(numerator: number, denominator: number): Init<typeof FractionalPercentSchema> {
  const percent = (numerator * 100) / denominator;
  if (Number.isInteger(percent)) return { numerator: percent };
  return {
    numerator: Math.round((numerator * MILLION) / denominator),
    denominator: FractionalPercent_DenominatorType.MILLION,
  };
}
