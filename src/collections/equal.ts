/**
 * Whether two immutable values are the same by content.
 *
 * Plain objects and arrays are compared by their own enumerable string keys, in any order; `Map` by its keys and deeply by
 * its values; `Set` by its members; dates, array buffers and views on them by content; primitives by `Object.is`.
 * Anything else (functions, instances of classes, whose private state nobody sees) equals only itself: a needless
 * change costs time, a change that is held back costs correctness.
 *
 * Cyclic values overflow the stack.
 *
 * @example deepEqual({ a: [1], b: 2 }, { b: 2, a: [1] })  // true
 * @example deepEqual({ a: undefined }, {})  // false
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const prototype: unknown = Object.getPrototypeOf(a);
  if (prototype !== Object.getPrototypeOf(b)) return false;
  if (prototype === Object.prototype || prototype === null) return isRecord(a) && isRecord(b) && equalProperties(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return equalElements(a, b);
  if (a instanceof Map && b instanceof Map) return equalMaps(a, b);
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every((member) => b.has(member));
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return bytesOf(a).equals(bytesOf(b));
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) return Buffer.from(a).equals(Buffer.from(b));
  return false;
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  return !Array.isArray(value);
}

function equalProperties(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    const right = b[key];
    if (!deepEqual(a[key], right) || (right === undefined && !Object.hasOwn(b, key))) return false;
  }
  return true;
}

function equalElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, index) => deepEqual(element, b[index]));
}

function equalMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !deepEqual(value, b.get(key))) return false;
  return true;
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
