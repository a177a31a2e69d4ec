import type { ControlPlane } from "../control-plane/control-plane.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";

/** An object as `get` shows it: with the status that Gatewright gives it, in place of any that was written in a file. */
export type ObjectWithStatus = KubernetesObject & { readonly status?: unknown };

/** What remembers since when a condition is as it is. */
export interface StatusTimes {
  get(key: string): unknown;
}

/**
 * @param kind all kinds if absent
 * @param times where the status comes from, when somebody keeps times; else it has none
 */
export function objectsWithStatus(
  controlPlane: ControlPlane,
  kind?: string,
  times?: StatusTimes,
): readonly ObjectWithStatus[] {
  return controlPlane
    .objects()
    .filter((object) => kind === undefined || object.kind === kind)
    .map((object) => {
      const key = `${object.kind}/${keyOf(object)}`;
      const status = times === undefined ? controlPlane.status.get(key)?.status : times.get(key);
      return status === undefined ? object : { ...object, status };
    });
}

/**
 * A Secret with the sizes of its values in place of the values: whoever may ask a process that listens on this machine
 * need not be somebody who may read its private keys. Other objects as they are.
 */
export function withoutSecrets<Object extends KubernetesObject>(object: Object): Object {
  if (object.kind !== "Secret") return object;
  const secret: Object & Secret = object;
  return {
    ...object,
    ...(secret.data !== undefined && { data: sizes(secret.data, "base64") }),
    ...(secret.stringData !== undefined && { stringData: sizes(secret.stringData, "utf8") }),
  };
}

interface Secret {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

function sizes(values: Readonly<Record<string, string>>, encoding: BufferEncoding): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, `<${Buffer.byteLength(value, encoding)} bytes>`]),
  );
}
