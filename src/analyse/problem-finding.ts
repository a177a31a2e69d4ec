import { isResourceKind } from "../gateway/inputs.ts";
import { describeField, type UnenforcedField } from "../gateway/not-enforced.ts";
import type { Problem } from "../gateway/problem.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { ResourceReference } from "../resources/origin.ts";
import type { Analysed } from "./analysed.ts";
import { nearName } from "./near-name.ts";

/** A field that is set in vain. */
export function unenforcedFinding(field: UnenforcedField, resource: ResourceReference): Finding {
  const message = `${describeField(field)} is set, and has no effect. ${field.because}`;
  return { severity: "warning", code: "not-enforced", message, origin: { resource, path: field.path } };
}

/**
 * A problem with a reference: a warning if a further document could mend it. For the same reason there is no fix for a name
 * that is nearly another's, only a word about it.
 */
export function findingOf(
  { reason, code = codeOf(reason), message, origin, missing }: Problem,
  analysed: Analysed,
): Finding {
  const remedy = missing && didYouMeanObject(missing, analysed);
  return {
    severity: missing === undefined ? "error" : "warning",
    code,
    message,
    ...(remedy !== undefined && { remedy }),
    origin,
  };
}

/** An object of the same kind and namespace whose name is nearly the one that is missing. */
export function didYouMeanObject(
  { kind, namespace, name }: ResourceReference,
  { resources }: Pick<Analysed, "resources">,
): string | undefined {
  if (!isResourceKind(kind)) return undefined;
  const prefix = namespace === undefined ? "" : `${namespace}/`;
  const names = [...resources[kind].entries()].flatMap(([key]) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  const meant = nearName(name, names);
  return meant === undefined ? undefined : `Did you mean "${meant}"?`;
}
