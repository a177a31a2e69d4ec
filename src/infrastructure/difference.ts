/** A field that is not as it is to be, and what it is. */
export interface Difference {
  readonly path: string;
  readonly live: unknown;
}

/**
 * Where an object lacks what it is to have; what else it has (defaults, fields of others) is no difference. Nor is what
 * others have added to lists that Kubernetes merges by keys: a sidecar, a volume, an environment variable.
 *
 * @example differences({ a: 1, b: 2 }, { a: 2 })  // [{ path: "a", live: 1 }]
 */
export function differences(live: unknown, desired: unknown, path = ""): readonly Difference[] {
  if (Array.isArray(desired)) {
    const keys = keysOf(path, desired);
    if (keys !== undefined) return keyedDifferences(live, desired, path, keys);
    if (!Array.isArray(live) || live.length !== desired.length) return [{ path, live }];
    return desired.flatMap((item, index) => differences(live[index], item, `${path}[${index}]`));
  }
  if (isRecord(desired)) {
    if (!isRecord(live)) return Object.keys(desired).length === 0 ? [] : [{ path, live }];
    return Object.entries(desired).flatMap(([field, value]) =>
      value === undefined ? [] : differences(live[field], value, path === "" ? field : `${path}.${field}`),
    );
  }
  return Object.is(live, desired) ? [] : [{ path, live }];
}

/** Kubernetes API, `x-kubernetes-list-map-keys` of the lists in what Gateways are given. */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  env: ["name"],
  imagePullSecrets: ["name"],
  ownerReferences: ["uid"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  volumeMounts: ["mountPath"],
  volumes: ["name"],
};

function keysOf(path: string, desired: readonly unknown[]): readonly string[] | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  if (name !== "ports") return listKeys[name];
  const [first] = desired;
  return [isRecord(first) && "containerPort" in first ? "containerPort" : "port", "protocol"];
}

function keyedDifferences(
  live: unknown,
  desired: readonly unknown[],
  path: string,
  keys: readonly string[],
): readonly Difference[] {
  if (!Array.isArray(live)) return desired.length === 0 ? [] : [{ path, live }];
  const identityOf = (item: unknown) => JSON.stringify(keys.map((key) => (isRecord(item) ? item[key] : undefined)));
  const known = new Map(live.map((item: unknown) => [identityOf(item), item]));
  return desired.flatMap((item) => {
    const identity = identityOf(item);
    return differences(known.get(identity), item, `${path}${identity}`);
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
