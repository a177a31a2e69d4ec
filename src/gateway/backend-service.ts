import type { Service, ServicePort } from "../resources/generated/core.ts";

/** What routes read of a Service. Labels, annotations and status of it change without any route being compiled again. */
export interface BackendService {
  readonly ports: readonly ServicePort[];
  /** Where DNS has it, for a Service of type ExternalName. */
  readonly externalName?: string;
}

export function backendService({ spec }: Service): BackendService {
  const external = spec?.type === "ExternalName" ? spec.externalName : undefined;
  return { ports: spec?.ports ?? [], ...(external === undefined ? {} : { externalName: external }) };
}
