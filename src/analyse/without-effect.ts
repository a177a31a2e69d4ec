import { isResourceKind, type ResourceKind } from "../gateway/inputs.ts";
import type { Finding } from "../resources/finding.ts";
import { splitApiVersion } from "../resources/kinds.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import type { FieldPath } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { type FieldsWithoutEffect, fieldsWithoutEffect, isSet } from "./fields-without-effect.ts";
import { usedServices } from "./services.ts";
import { isWrittenByKubernetes } from "./written-by-kubernetes.ts";

/** Fields that people set in vain, by {@link fieldsWithoutEffect}: one finding for those of an object that have one cause. */
export function analyseFieldsWithoutEffect(analysed: Analysed): readonly Finding[] {
  const used = usedServices(analysed);
  return fieldsWithoutEffect.flatMap((entry) => {
    const { kind, told } = entry;
    if (told === undefined || !isResourceKind(kind)) return [];
    return objectsOf(analysed, kind)
      .filter((object) => told.whom !== "used" || used.has(keyOf(object)))
      .filter((object) => told.whom !== "by hand" || !isWrittenByKubernetes(object))
      .flatMap((object) => findingOf(object, entry, told));
  });
}

function objectsOf({ resources }: Analysed, kind: ResourceKind): readonly KubernetesObject[] {
  return sorted<KubernetesObject>(resources[kind]).map(([, object]) => object);
}

function findingOf(
  object: KubernetesObject,
  { fields, because }: FieldsWithoutEffect,
  { unless, remedy }: NonNullable<FieldsWithoutEffect["told"]>,
): readonly Finding[] {
  const set = fields.filter((field) => isSet(object, field, unless));
  const [first] = set;
  if (first === undefined) return [];
  const { kind, apiVersion, metadata } = object;
  const { namespace, name } = metadata;
  const { group } = splitApiVersion(apiVersion);
  return [
    {
      severity: "warning",
      code: "not-enforced",
      message: `${set.join(", ")} of ${kind} ${keyOf(object)} ${set.length === 1 ? "is" : "are"} set without effect. ${because}`,
      ...(remedy === undefined ? {} : { remedy }),
      origin: {
        resource: { group, kind, name, ...(namespace === undefined ? {} : { namespace }) },
        path: beginningOf(first),
      },
    },
  ];
}

/** The field, or what of it comes before a list or map: which entry sets it, the message need not say. */
function beginningOf(field: string): FieldPath {
  const steps = field.split(".");
  const end = steps.findIndex((step) => step === "*" || step.endsWith("[]"));
  return end === -1 ? steps : [...steps.slice(0, end), ...(steps[end] === "*" ? [] : [steps[end]?.slice(0, -2) ?? ""])];
}
