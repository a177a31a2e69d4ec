import { isPlainIP } from "../formats.ts";
import type { Endpoints } from "../generated/core.ts";
import { type Mistake, mistake } from "../mistake.ts";
import { formatPath } from "../origin.ts";

/** Addresses of Endpoints that are no IP addresses, and ports without a name where there are several. */
export function checkEndpoints({ subsets = [] }: Endpoints): readonly Mistake[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }, subset) => {
    const at = ["subsets", subset];
    const inField = (field: string, list: readonly { readonly ip: string }[]) =>
      list.flatMap(({ ip }, index) => {
        const path = [...at, field, index, "ip"];
        return isPlainIP(ip)
          ? []
          : [mistake("invalid-address", path, `${formatPath(path)}: ${JSON.stringify(ip)} is no IP address.`)];
      });
    return [
      ...inField("addresses", addresses),
      ...inField("notReadyAddresses", notReadyAddresses),
      ...ports.flatMap(({ name = "" }, index) =>
        name === "" && ports.length > 1
          ? [
              mistake(
                "missing-field",
                [...at, "ports", index],
                `${formatPath([...at, "ports", index])} needs a name, since there are several ports.`,
              ),
            ]
          : [],
      ),
    ];
  });
}
