import { readFileSync } from "node:fs";
import { kinds as generated } from "./generated/kinds.ts";
import type { KubernetesObject } from "./object.ts";
import type { Schema } from "./schema.ts";
import { nearest } from "./suggest.ts";

/** One kind that Gatewright understands. */
export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Versions that are read, the one that Gatewright works with first. */
  readonly versions: readonly [string, ...string[]];
  /** Folders of `generated/` that hold its schema, the experimental channel last. */
  readonly folders: readonly string[];
}

/** kubectl's short names of Kubernetes' own kinds, which no schema carries. */
const coreShortNames: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ["cm"],
  Endpoints: ["ep"],
  Namespace: ["ns"],
  Service: ["svc"],
};

/**
 * Every kind of the Gateway API v1.7.0 (experimental channel, which holds the standard one), and Kubernetes' own that
 * carry traffic.
 *
 * Older versions that the CRDs serve (`v1beta1`, `v1alpha2`, …) are read by their own schema and then become the first
 * of `versions`: the API server converts between them without touching a field, and so does {@link normalised}.
 */
export const kinds: readonly Kind[] = generated.map(({ scope, kind, versions, shortNames, ...rest }) => ({
  ...rest,
  kind,
  singular: kind.toLowerCase(),
  shortNames: [...shortNames, ...(coreShortNames[kind] ?? [])],
  namespaced: scope === "Namespaced",
  versions,
}));

const byGroupKind: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [`${kind.kind}.${kind.group}`, kind]));

/** @example apiVersionOf("gateway.networking.k8s.io", "v1")  // "gateway.networking.k8s.io/v1" */
export function apiVersionOf(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

/** @example splitApiVersion("v1")  // { group: "", version: "v1" } */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash === -1
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** The kind of a group, if Gatewright knows it. */
export function findKind(group: string, kind: string): Kind | undefined {
  return byGroupKind.get(`${kind}.${group}`);
}

/** The kind of an object of a version that is read, if Gatewright knows it. */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  const { group, version } = splitApiVersion(apiVersion);
  const found = findKind(group, kind);
  return found?.versions.includes(version) ? found : undefined;
}

/**
 * The kind that a person names as for `kubectl get`: singular, plural, kind or short name in any case, perhaps with its
 * version and group. Where the name alone is not enough, the Gateway API comes first.
 *
 * @example kindNamed("gtw")?.kind  // "Gateway"
 * @example kindNamed("httproutes.v1.gateway.networking.k8s.io")?.kind  // "HTTPRoute"
 */
export function kindNamed(word: string): Kind | undefined {
  const [name = "", ...rest] = word.toLowerCase().split(".");
  const group = rest.join(".");
  const named = kinds.filter(({ plural, singular, shortNames }) => [plural, singular, ...shortNames].includes(name));
  if (group === "") return named[0];
  return named.find((kind) => group === kind.group || kind.versions.some((it) => group === `${it}.${kind.group}`));
}

/** What a person may have meant by a word that {@link kindNamed} does not know. */
export function nearestKindName(word: string): string | undefined {
  return nearest(
    word.toLowerCase(),
    kinds.flatMap(({ plural, singular, shortNames }) => [singular, plural, ...shortNames]),
  );
}

const schemas = new Map<string, Schema>();

/** The schema of a version of a kind, read from disk the first time. */
export function schemaOf(kind: Kind, version: string): Schema {
  const key = `${kind.kind}.${version}.${kind.group}`;
  const known = schemas.get(key);
  if (known !== undefined) return known;
  const definition: Definition = readGenerated(`${kind.folders.at(-1)}/${kind.plural}.json`);
  const schema = definition.spec.versions.find(({ name }) => name === version)?.schema.openAPIV3Schema;
  if (schema === undefined) throw new Error(`${kind.kind} has no version ${version}`);
  const properties = { ...schema.properties, metadata: objectMeta(), status: anything };
  const whole = { ...schema, properties };
  schemas.set(key, whole);
  return whole;
}

/**
 * The object in the version that Gatewright works with.
 *
 * TLSRoute v1alpha2 could leave out `hostnames`, which v1 requires: it then has none, and takes the listener's.
 */
export function normalised<T extends KubernetesObject>(object: T, kind: Kind): T {
  const apiVersion = apiVersionOf(kind.group, kind.versions[0]);
  if (object.apiVersion === apiVersion) return object;
  if (kind.kind !== "TLSRoute" || !("spec" in object) || typeof object.spec !== "object") {
    return Object.freeze({ ...object, apiVersion });
  }
  const spec = Object.freeze({ hostnames: Object.freeze([]), ...object.spec });
  return Object.freeze({ ...object, apiVersion, spec });
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** A controller writes status; whoever writes documents may leave it in, and nothing of it is read. */
const anything: Schema = { "x-kubernetes-preserve-unknown-fields": true };

let metadata: Schema | undefined;

function objectMeta(): Schema {
  const schema: Schema = metadata ?? { type: "object", ...readGenerated("core/object-meta.json") };
  metadata = schema;
  return schema;
}

function readGenerated(file: string) {
  return JSON.parse(readFileSync(new URL(`generated/${file}`, import.meta.url), "utf8"));
}
