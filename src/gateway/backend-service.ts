import type { Service, ServicePort } from "../resources/generated/core.ts";
import type { ExternalHostname, Placement } from "./placement.ts";

/** What routes read of a Service. Labels, annotations and status of it change without any route being compiled again. */
export interface BackendService {
  readonly ports: readonly ServicePort[];
  /** Where DNS has it, for a Service of type ExternalName. */
  readonly external?: ExternalHostname;
}

export function backendService(
  { spec }: Service,
  { externalHostname }: Pick<Placement, "externalHostname">,
): BackendService {
  const external = spec?.type === "ExternalName" ? spec.externalName : undefined;
  return { ports: spec?.ports ?? [], ...(external === undefined ? {} : { external: externalHostname(external) }) };
}
