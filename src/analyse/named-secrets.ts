import { check } from "../resources/checks/checks.ts";
import type { Finding } from "../resources/finding.ts";
import { type Analysed, sorted } from "./analysed.ts";

/**
 * What is wrong in Secrets that are named as key pairs, where they come from an API server: those that nobody names are not looked at
 * (`sources/kubernetes/decode.ts`). What files hold is checked when they are read.
 */
export function checkNamedSecrets({ resources, semantics }: Analysed): readonly Finding[] {
  return sorted(semantics.named.keyPairs).flatMap(([key]) => {
    const secret = resources.Secret.get(key);
    if (secret === undefined) return [];
    const { namespace = "default", name } = secret.metadata;
    const resource = { group: "", kind: "Secret", namespace, name };
    return check(secret).map(({ severity, code, message, remedy, path }) => ({
      severity,
      code,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      origin: { resource, path },
    }));
  });
}
