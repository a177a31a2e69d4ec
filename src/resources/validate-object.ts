import { check } from "./checks/checks.ts";
import { identify } from "./identify.ts";
import { apiVersionOf, type Kind, normalised, schemaOf } from "./kinds.ts";
import { isError, type Mistake } from "./mistake.ts";
import type { KubernetesObject } from "./object.ts";
import type { ResourceReference } from "./origin.ts";
import { otherAnnotations } from "./other-annotations.ts";
import { isJsonObject, type Json, type JsonObject, jsonCopy } from "./schema.ts";
import { validateMetadata } from "./validate-metadata.ts";
import { validateRules, validateTransition } from "./validate-rules.ts";
import { validateStructure } from "./validate-structure.ts";

/** What became of one JSON value. */
export interface ValidatedObject {
  /** Absent if there is an error, or if the kind is none of ours. Immutable, with all defaults. */
  readonly object?: KubernetesObject;
  /** Which object it is, or was meant to be, as far as that can be told. */
  readonly reference?: ResourceReference;
  readonly mistakes: readonly Mistake[];
}

/**
 * Reads one value as a resource, as an API server with strict field validation would: schema, defaults, CEL rules,
 * metadata, and then the mistakes that no schema can see.
 *
 * `status` is left out: controllers write it, nobody else.
 */
export function validateObject(value: Json): ValidatedObject {
  const identity = identify(value);
  if ("mistake" in identity) {
    // What an Ingress asks for by annotations is part of what nobody does.
    const isIngress = identity.mistake.code === "ingress-not-served";
    const annotations = isIngress ? otherAnnotations(metadataOf(value)["annotations"]) : [];
    return { mistakes: [identity.mistake, ...annotations] };
  }
  const { kind, version } = identity;
  const schema = schemaOf(kind, version);
  const structured = validateStructure(identity.value, schema, kind.kind);
  const whole: Json = structured.value;
  const metadata = validateMetadata(metadataOf(whole), kind);
  const structural = [
    ...structured.mistakes,
    ...metadata.mistakes.filter(({ path }) => !isKnown(path, structured.mistakes)),
  ];
  const errors = structural.filter(isError);
  const rules = validateRules(
    whole,
    schema,
    errors.map(({ path }) => path),
  );
  const mistakes = [...structural, ...rules];
  const { name, namespace } = metadata;
  const reference: ResourceReference | undefined =
    name === undefined
      ? undefined
      : { group: kind.group, kind: kind.kind, ...(namespace !== undefined && { namespace }), name };
  const named = reference === undefined ? { mistakes } : { reference, mistakes };
  if (mistakes.some(isError) || reference === undefined || !isJsonObject(whole)) return named;
  const object = assembled(whole, kind, version, reference);
  const found = check(object);
  return { ...named, mistakes: [...mistakes, ...found], ...(!found.some(isError) && { object }) };
}

/** What may not change from one version of an object to the next: the schema's transition rules. */
export function validateUpdate(old: KubernetesObject, object: KubernetesObject): readonly Mistake[] {
  const identity = identify(jsonCopy(object));
  const before = identify(jsonCopy(old));
  if ("mistake" in identity || "mistake" in before || identity.kind !== before.kind) return [];
  return validateTransition(identity.value, before.value, schemaOf(identity.kind, identity.version));
}

function isKnown(path: Mistake["path"], mistakes: readonly Mistake[]): boolean {
  return mistakes.some(
    (it) =>
      it.path.length <= path.length &&
      it.path.every((step, index) => step === path[index]) &&
      it.code !== "unknown-field",
  );
}

function metadataOf(value: Json): JsonObject {
  const metadata = isJsonObject(value) ? value["metadata"] : undefined;
  return isJsonObject(metadata) ? metadata : {};
}

function assembled(
  value: JsonObject,
  kind: Kind,
  version: string,
  { name, namespace }: ResourceReference,
): KubernetesObject {
  const { apiVersion: ____, kind: _, metadata: given, status: __, ...rest } = value;
  const { namespace: ___, ...others } = isJsonObject(given) ? given : {};
  const metadata = Object.freeze({ ...others, name, ...(namespace !== undefined && { namespace }) });
  return normalised(
    Object.freeze({ apiVersion: apiVersionOf(kind.group, version), kind: kind.kind, metadata, ...rest }),
    kind,
  );
}
