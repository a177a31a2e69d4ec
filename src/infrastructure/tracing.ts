import type { GivenTracing } from "../gateway/placement.ts";
import { experimentalGroup } from "../gateway/route-kind.ts";
import type { Fraction } from "../resources/generated/gateway-api.ts";
import type { Fraction as FractionSpec, Tracing as TracingSpec } from "../resources/generated/gatewright-api.ts";
import type { ObjectMeta } from "../resources/object.ts";

/** What `spec.tracing` of GatewayParameters means, in the Gateway API's words; undefined where it turns tracing off. */
export function tracingOf(
  { mode, provider, samplingRate, parentBasedSampling, ...rest }: TracingSpec,
  { namespace = "default", name }: ObjectMeta,
): GivenTracing | undefined {
  // The schema asks for a provider where it is not Disabled.
  if (mode === "Disabled" || provider === undefined) return undefined;
  const { backendRef, ...exported } = provider;
  const { kind = "Service", group = kind === "XBackend" ? experimentalGroup : "" } = backendRef;
  return {
    writtenIn: { namespace, name },
    config: {
      ...rest,
      provider: { ...exported, backendRef: { ...backendRef, group, kind } },
      ...(samplingRate === undefined ? {} : { samplingRate: fraction(samplingRate) }),
      ...(parentBasedSampling === undefined
        ? {}
        : {
            parentBasedSampling: {
              mode: parentBasedSampling.mode ?? "Enabled",
              ...(parentBasedSampling.samplingRate === undefined
                ? {}
                : { samplingRate: fraction(parentBasedSampling.samplingRate) }),
            },
          }),
    },
  };
}

function fraction({ numerator, denominator = 100 }: FractionSpec): Fraction {
  return { numerator, denominator };
}
