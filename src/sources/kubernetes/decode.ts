import type { ApiObject } from "../../kubernetes/api-object.ts";
import { check } from "../../resources/checks/checks.ts";
import { endpointsAnnotation } from "../../resources/checks/own-keys.ts";
import type { Finding } from "../../resources/finding.ts";
import { apiVersionOf, type Kind, normalised, schemaOf, splitApiVersion } from "../../resources/kinds.ts";
import { isError, type Mistake } from "../../resources/mistake.ts";
import type { KubernetesObject, ObjectMeta } from "../../resources/object.ts";
import type { ResourceReference } from "../../resources/origin.ts";
import { isJsonObject, type Json } from "../../resources/schema.ts";
import { validateStructure } from "../../resources/validate-structure.ts";

/** An object of an API server as Gatewright reads it. */
export interface Decoded {
  readonly reference: ResourceReference;
  /** Absent if it has a form that can't be read: its custom resource definition is of another age than we are. */
  readonly object: KubernetesObject | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads an object that an API server has admitted.
 *
 * Its rules have been checked and are not checked again. What is never read is left out: managed fields, status, what was
 * applied last, values in Secrets and ConfigMaps that no field can point at, the pods of an EndpointSlice and where they run, and what
 * its metadata says besides its Service. Defaults that an older definition has not
 * filled in are, and fields that only a newer one knows are reported and left out.
 *
 * @param contents whether what Secrets and ConfigMaps hold is checked, too. A cluster is full of them, nearly all of them for others: who
 *   follows it reads those that something names (`gateway/named-certificates.ts`).
 */
export function decode(kind: Kind, raw: ApiObject, { contents }: { readonly contents: boolean }): Decoded {
  const { namespace, name } = raw.metadata;
  const reference: ResourceReference = {
    group: kind.group,
    kind: kind.kind,
    ...(namespace !== undefined && { namespace }),
    name,
  };
  const version = raw.kind === kind.kind ? splitApiVersion(raw.apiVersion).version : kind.versions[0];
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...rest } = raw;
  const head = {
    apiVersion: apiVersionOf(kind.group, version),
    kind: kind.kind,
    metadata: metadataOf(kind, raw.metadata),
  };
  const isWritten = kind.kind === "EndpointSlice" && isOfKubernetes(raw.metadata);
  const whole: unknown = { ...head, ...(isWritten ? withoutWhereabouts(rest) : slimmed(kind, rest)) };
  if (!isJson(whole)) throw new TypeError("what an API server sends is JSON");
  const { value, mistakes } = validateStructure(whole, schemaOf(kind, version), kind.kind);
  const errors = mistakes.filter((mistake) => isError(mistake) && mistake.code !== "unknown-field");
  if (!isObject(value) || errors.length > 0) {
    return { reference, object: undefined, findings: errors.map((error) => findingOf(error, reference)) };
  }
  const object = normalised(value, kind);
  const unknown = kind.group === "" ? [] : mistakes;
  const warnings = unknown.map((mistake): Mistake => ({ ...mistake, severity: "warning" }));
  const checked = !contents && holdsContents.has(kind.kind) ? [] : check(object);
  const told = [...warnings, ...ignoredEndpoints(kind, raw.metadata), ...checked];
  return { reference, object, findings: told.map((it) => findingOf(it, reference)) };
}

/**
 * Where there are pods, nobody says himself where endpoints are: whoever may write a Service could send a Gateway to any address, for
 * which Kubernetes gives nobody the right (CVE-2021-25740).
 */
function ignoredEndpoints({ kind }: Kind, { annotations }: ObjectMeta): readonly Mistake[] {
  if (annotations?.[endpointsAnnotation] === undefined || (kind !== "Service" && kind !== "XBackend")) return [];
  return [
    {
      severity: "warning",
      code: "not-enforced",
      path: ["metadata", "annotations", endpointsAnnotation],
      message: `The annotation ${endpointsAnnotation} has no effect in a cluster, where it would lead to any address.`,
      remedy: "Remove it; endpoints that are no pods are written in an EndpointSlice, by somebody who may.",
    },
  ];
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

function metadataOf({ kind }: Kind, metadata: ObjectMeta): ObjectMeta {
  const { name, namespace, labels, annotations, creationTimestamp, generation, uid, deletionTimestamp } = metadata;
  if (kind === "EndpointSlice" && isOfKubernetes(metadata)) {
    const read = Object.entries(labels ?? {}).filter(([label]) => label === managedByLabel || label === serviceLabel);
    return { name, ...(namespace !== undefined && { namespace }), labels: Object.fromEntries(read) };
  }
  const { finalizers } = metadata;
  const { [lastApplied]: _, [endpointsAnnotation]: __, ...kept } = annotations ?? {};
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(labels !== undefined && { labels }),
    ...(Object.keys(kept).length > 0 && { annotations: kept }),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
    ...(generation !== undefined && { generation }),
    ...(uid !== undefined && { uid }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    // Nobody asks for those of other kinds.
    ...(kind === "GatewayClass" && finalizers !== undefined && { finalizers }),
  };
}

const holdsContents: ReadonlySet<string> = new Set(["Secret", "ConfigMap"]);

/** Names of values that something can point at, by kind. The others stay with their names, and no value. */
const readKeys: Readonly<Record<string, ReadonlySet<string>>> = {
  Secret: new Set(["tls.crt", "tls.key", "ca.crt"]),
  ConfigMap: new Set(["ca.crt"]),
};

/** Labels of EndpointSlices: who writes them, and whose endpoints they are. */
const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const serviceLabel = "kubernetes.io/service-name";

/** Whether a controller of Kubernetes writes an EndpointSlice: of one from another hand, everything is kept, to say what has no effect. */
function isOfKubernetes({ labels }: ObjectMeta): boolean {
  return labels?.[managedByLabel]?.endsWith("-controller.k8s.io") === true;
}

function slimmed({ kind }: Kind, rest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const read = readKeys[kind];
  if (read === undefined) return rest;
  const { data, binaryData, ...others } = rest;
  return {
    ...others,
    ...(data !== undefined && { data: withoutValues(data, read) }),
    ...(binaryData !== undefined && { binaryData: withoutValues(binaryData, read) }),
  };
}

/** Endpoints with where they are and whether they take traffic: not which pod each is, nor of which node or zone. */
function withoutWhereabouts(rest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { endpoints } = rest;
  if (!Array.isArray(endpoints)) return rest;
  return {
    ...rest,
    endpoints: endpoints.map((endpoint: unknown) => {
      const { addresses, conditions } = Object(endpoint);
      return { addresses, ...(conditions !== undefined && { conditions }) };
    }),
  };
}

function withoutValues(data: unknown, but: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(Object(data)).map(([key, value]) => [key, but.has(key) ? value : ""]));
}

/** It came out of a JSON parser, which the type of what came out does not say. */
function isJson(value: unknown): value is Json {
  return typeof value === "object";
}

function isObject(value: Json): value is Json & KubernetesObject {
  return isJsonObject(value) && isJsonObject(value["metadata"]);
}

function findingOf({ path, severity, code, message, remedy }: Mistake, resource: ResourceReference): Finding {
  return { severity, code, message, ...(remedy !== undefined && { remedy }), origin: { resource, path } };
}
