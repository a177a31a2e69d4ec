/**
 * Where an object lacks what it is to have, as paths; what else it has (defaults, fields of others) is no difference.
 *
 * @example differences({ a: 1, b: 2 }, { a: 2 })  // ["a"]
 */
export function differences(live: unknown, desired: unknown, path = ""): readonly string[] {
  if (Array.isArray(desired)) {
    if (!Array.isArray(live) || live.length !== desired.length) return [path];
    return desired.flatMap((item, index) => differences(live[index], item, `${path}[${index}]`));
  }
  if (isRecord(desired)) {
    if (!isRecord(live)) return Object.keys(desired).length === 0 ? [] : [path];
    return Object.entries(desired).flatMap(([field, value]) =>
      value === undefined ? [] : differences(live[field], value, path === "" ? field : `${path}.${field}`),
    );
  }
  return Object.is(live, desired) ? [] : [path];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
