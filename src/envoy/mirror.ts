import type { Mirror } from "../ir/rule.ts";
import { fraction } from "./fraction.ts";
import type { RouteAction_RequestMirrorPolicySchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { Init } from "./message.ts";

/** A copy of the request, with its Host as it is. Its answer is thrown away. */
export function mirrorPolicy(mirror: Mirror): Init<typeof RouteAction_RequestMirrorPolicySchema> {
  return {
    cluster: mirror.cluster,
    runtimeFraction: { defaultValue: fraction(mirror.fraction.numerator, mirror.fraction.denominator) },
    disableShadowHostSuffixAppend: true,
  };
}
