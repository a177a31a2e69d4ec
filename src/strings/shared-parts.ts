import { shared } from "./shared.ts";

/**
 * Lets values that come one after the other share what is equal in them: lists of ports, references to one parent, conditions. What
 * is kept of a thousand objects of a kind is then what they differ in, and strings are once in memory ({@link shared}).
 *
 * @example
 *   const share = sharingParts();
 *   const one = share({ name: "one", ports: [{ port: 80 }] });
 *   share({ name: "two", ports: [{ port: 80 }] }).ports === one.ports; // true
 */
export function sharingParts(): <Value>(value: Value) => Value {
  let last: unknown;
  return (value) => {
    const it = withPartsOf(last, value);
    last = it;
    return it;
  };
}

/**
 * @param value plain data that nobody has seen yet: parts of it are replaced by equal ones of `other`
 * @returns `other` where all of it is equal, in the same order
 */
function withPartsOf<Value>(other: unknown, value: Value): Value;
function withPartsOf(other: unknown, value: unknown): unknown {
  if (typeof value === "string") return shared(value);
  if (typeof value !== "object" || value === null || other === value) return value;
  const known = typeof other === "object" && other !== null ? other : undefined;
  const parts: readonly unknown[] = Object.values(known ?? {});
  const names = Object.keys(known ?? {});
  const keys = Object.keys(value);
  let same = known !== undefined && keys.length === names.length && Array.isArray(value) === Array.isArray(known);
  for (const [index, key] of keys.entries()) {
    const alike = names[index] === key;
    const part: unknown = Reflect.get(value, key);
    const kept = withPartsOf(alike ? parts[index] : undefined, part);
    if (kept !== part) Reflect.set(value, key, kept);
    if (!alike || kept !== parts[index]) same = false;
  }
  return same ? other : value;
}
