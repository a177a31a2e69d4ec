import type { Mirror } from "../../ir/rule.ts";
import type { HTTPRequestMirrorFilter } from "../../resources/generated/gateway-api.ts";

/** Gateway API, HTTPRequestMirrorFilter: `percent`, or `fraction` (of 100 unless it says otherwise), or every request. */
export function mirrorFraction({ percent, fraction }: HTTPRequestMirrorFilter): Mirror["fraction"] {
  if (fraction !== undefined) return { numerator: fraction.numerator, denominator: fraction.denominator ?? 100 };
  return { numerator: percent ?? 100, denominator: 100 };
}
