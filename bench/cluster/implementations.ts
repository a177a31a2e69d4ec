import type { Implementation } from "./implementation.ts";
import { envoyGateway } from "./implementations/envoy-gateway.ts";
import { gatewright } from "./implementations/gatewright.ts";
import { istio } from "./implementations/istio.ts";

/** All that can be compared, in the order of tables. */
const all: readonly Implementation[] = [gatewright, envoyGateway, istio];

/**
 * Those that `--implementations` names.
 *
 * @throws TypeError for one that there isn't
 * @example implementationsNamed("gatewright,envoy-gateway,istio")
 */
export function implementationsNamed(names: string): readonly Implementation[] {
  return names.split(",").map((name) => {
    const found = all.find(({ id }) => id === name);
    if (found !== undefined) return found;
    throw new TypeError(`--implementations: ${name} is none of ${all.map(({ id }) => id).join(", ")}`);
  });
}
