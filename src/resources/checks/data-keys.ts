import type { ConfigMap, Secret } from "../generated/core.ts";
import { type Mistake, mistake } from "../mistake.ts";

/** Keys of a ConfigMap's or Secret's data, which become names of files: as the API server has them. */
export function checkDataKeys(object: ConfigMap | Secret): readonly Mistake[] {
  const { data = {} } = object;
  return Object.keys(data).flatMap((key) => {
    if (/^[-._a-zA-Z0-9]{1,253}$/.test(key) && !key.startsWith("..") && key !== ".") return [];
    const message = `data: ${JSON.stringify(key)} is no key of a ${object.kind}: it takes letters, digits, -, _ and .`;
    return [{ ...mistake("invalid-key", ["data", key], message), atKey: true as const }];
  });
}
