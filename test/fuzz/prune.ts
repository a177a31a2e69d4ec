import { isError, type Mistake } from "../../src/resources/mistake.ts";
import type { KubernetesObject } from "../../src/resources/object.ts";
import type { FieldPath } from "../../src/resources/origin.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/resources/schema.ts";
import { validateObject } from "../../src/resources/validate-object.ts";
import { admit } from "./admit.ts";
import { without } from "./without.ts";

/** A document that is admitted, and the object that it is read as. */
export interface ValidDocument {
  readonly document: JsonObject;
  readonly object: KubernetesObject;
}

/** Takes out of a document what is wrong with it, until it is admitted; undefined where nothing that is left is. */
export function prune(document: JsonObject): ValidDocument | undefined {
  let rest: Json = document;
  for (let round = 0; round < 12; round += 1) {
    const object = isJsonObject(rest) ? admit(rest) : undefined;
    if (object !== undefined && isJsonObject(rest)) return { document: rest, object };
    const { mistakes } = validateObject(rest);
    const errors = mistakes.filter(isError);
    const [first] = errors;
    if (first === undefined || first.path.length === 0) return undefined;
    // The last first, so that the places of the others stay.
    const paths = errors.map((error) => culprit(rest, error)).filter((path) => path.length > 0);
    for (const path of paths.toReversed()) rest = without(rest, path);
  }
  return undefined;
}

/** A rule about several fields of an object is broken by the first one that its message names. */
function culprit(value: Json, { code, path, message }: Mistake): FieldPath {
  if (code !== "broken-rule") return path;
  const holder = path.reduce<Json | undefined>(
    (inner, step) =>
      typeof inner === "object" && inner !== null ? Object.getOwnPropertyDescriptor(inner, step)?.value : undefined,
    value,
  );
  const words = message.slice(message.indexOf(": ") + 1).match(/\w+/g) ?? [];
  const named = isJsonObject(holder) ? words.find((word) => word in holder) : undefined;
  return named === undefined ? path : [...path, named];
}
