import { type Mistake, warning } from "../mistake.ts";
import type { KubernetesObject } from "../object.ts";
import { nearest } from "../suggest.ts";

/**
 * Annotation on a Service, or on an XBackend of type EndpointSelector, that says where it is, for folders of files that have no EndpointSlices: a list of
 * `host:port`, or `name=host:port` for the port of that name alone. Entries without a name are for all ports that are
 * not named. IPv6 addresses stand in brackets.
 *
 * @example gatewright.dev/endpoints: "127.0.0.1:9001, [::1]:9001, metrics=127.0.0.1:9100"
 */
export const endpointsAnnotation = "gatewright.dev/endpoints";

/** The labels and annotations of our own prefix that something reads, by kind. All others are for other programs and people. */
const readKeys: Readonly<Record<string, readonly string[]>> = {
  Service: [endpointsAnnotation],
  XBackend: [endpointsAnnotation],
};
const ownPrefix = "gatewright.dev/";

/** Labels and annotations that only Gatewright could read, and that it doesn't. Those that it writes itself are left alone. */
export function checkOwnKeys({ kind, metadata }: KubernetesObject): readonly Mistake[] {
  if (metadata.labels?.["app.kubernetes.io/managed-by"] === "gatewright") return [];
  const known = readKeys[kind] ?? [];
  return (["labels", "annotations"] as const).flatMap((field) =>
    Object.keys(metadata[field] ?? {})
      .filter((key) => key.startsWith(ownPrefix) && !(field === "annotations" && known.includes(key)))
      .map((key): Mistake => {
        const meant = nearest(key, known);
        const message = `metadata.${field}["${key}"] has no effect: Gatewright reads no such ${field.slice(0, -1)} of a ${kind}.`;
        const remedy = meant === undefined ? "Remove it." : `Did you mean the annotation "${meant}"?`;
        return { ...warning("not-enforced", ["metadata", field, key], message, remedy), atKey: true };
      }),
  );
}
