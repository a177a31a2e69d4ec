import { isJsonObject, type Json } from "../../src/resources/schema.ts";

/** A value without what is at a path. */
export function without(value: Json, [step, ...further]: readonly (string | number)[]): Json {
  if (Array.isArray(value)) {
    return further.length === 0
      ? value.filter((_, index) => index !== step)
      : value.map((each: Json, index) => (index === step ? without(each, further) : each));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name !== step ? [[name, each]] : further.length === 0 ? [] : [[name, without(each, further)]],
    ),
  );
}
