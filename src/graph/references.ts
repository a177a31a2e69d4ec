import { field, text } from "../resources/field.ts";
import { findKind } from "../resources/kinds.ts";
import type { FieldPath, ResourceReference } from "../resources/origin.ts";
import type { EdgeRole } from "./topology.ts";

/** One object that another one names. */
export interface Reference {
  readonly role: EdgeRole;
  readonly path: FieldPath;
  readonly resource: ResourceReference;
  readonly port?: number;
  readonly weight?: number;
}

/** Fields of the API that name other objects, wherever they stand: new kinds and filters come by themselves. */
const roleByField: Readonly<Record<string, EdgeRole>> = {
  backendRef: "backend",
  backendRefs: "backend",
  certificateRefs: "certificate",
  clientCertificateRef: "certificate",
  caCertificateRefs: "certificate",
};

/** What a backend is to the rule, by the filter that names it. */
const roleByFilter: Readonly<Record<string, EdgeRole>> = { requestMirror: "mirror", externalAuth: "auth" };

/**
 * Every backend and certificate that a part of an object names.
 *
 * @param path of that part
 * @param home namespace of the object
 */
export function referencesIn(value: unknown, path: FieldPath, home: string): readonly Reference[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => referencesIn(each, [...path, index], home));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = [...path, name];
    const role = roleByField[name];
    if (role === undefined) return referencesIn(inner, here, home);
    const places = Array.isArray(inner)
      ? inner.map((each, index) => [each, [...here, index]] as const)
      : [[inner, here] as const];
    return places.flatMap(([reference, place]) => [
      referenceOf(reference, place, role, home),
      // A backend of a rule may have filters of its own.
      ...referencesIn(reference, place, home),
    ]);
  });
}

function referenceOf(reference: unknown, path: FieldPath, role: EdgeRole, home: string): Reference {
  const port = field(reference, "port");
  const weight = field(reference, "weight");
  const filter = path.find((step) => typeof step === "string" && step in roleByFilter);
  return {
    role: (typeof filter === "string" && roleByFilter[filter]) || role,
    path,
    resource: namedResource(reference, home),
    ...(typeof port === "number" ? { port } : {}),
    ...(typeof weight === "number" ? { weight } : {}),
  };
}

/** The object that a reference with its defaults names. */
export function namedResource(reference: unknown, home: string): ResourceReference {
  const group = text(field(reference, "group"));
  const kind = text(field(reference, "kind"));
  const namespaced = findKind(group, kind)?.namespaced ?? true;
  const namespace = text(field(reference, "namespace")) || home;
  return { group, kind, ...(namespaced ? { namespace } : {}), name: text(field(reference, "name")) };
}
