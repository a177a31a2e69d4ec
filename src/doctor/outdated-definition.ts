import { parametersKind } from "../gateway/parameters-reference.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Kind, kinds, schemaOf } from "../resources/kinds.ts";
import type { Schema } from "../resources/schema.ts";
import { problem, some } from "./facts.ts";

const remedy =
  "kubectl apply --server-side -f charts/gatewright/crds; helm installs definitions once and never changes them.";

/**
 * Whether the cluster's definitions of our own kinds have all fields that this version reads: an API server drops in silence
 * what a definition does not know. A definition that knows more is newer, and does no harm.
 */
export function outdatedDefinitions(definitions: readonly ApiObject[]): readonly Finding[] {
  return kinds
    .filter(({ folders }) => folders.includes("crds/own"))
    .flatMap((kind) => {
      const name = `${kind.plural}.${kind.group}`;
      const live = definitions.find(({ metadata }) => metadata.name === name);
      if (live === undefined) {
        const definition = { group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", name };
        return [
          problem(
            "outdated-definition",
            definition,
            `The cluster does not have ${kind.kind}: none can be made.${kind.kind === parametersKind ? " Who refers to one gets no proxies." : ""}`,
            remedy,
          ),
        ];
      }
      const lacking = kind.versions.flatMap((version) => lackingFields(kind, version, live));
      if (lacking.length === 0) return [];
      return [
        problem(
          "outdated-definition",
          live,
          `The definition is older than this version of Gatewright and lacks ${some(lacking, 4)}: the API server drops such fields in silence from what people write.`,
          remedy,
        ),
      ];
    });
}

function lackingFields(kind: Kind, version: string, definition: ApiObject): readonly string[] {
  const live = list(field(definition, "spec", "versions")).find((it) => field(it, "name") === version);
  const spec = field(live, "schema", "openAPIV3Schema", "properties", "spec");
  return missing(schemaOf(kind, version).properties?.["spec"], spec, "spec");
}

/** The topmost fields of ours that the other schema has not. */
function missing(ours: Schema | undefined, theirs: unknown, path: string): readonly string[] {
  if (ours === undefined || field(theirs, "x-kubernetes-preserve-unknown-fields") === true) return [];
  if (theirs === undefined) return [path];
  const { additionalProperties } = ours;
  return [
    ...Object.entries(ours.properties ?? {}).flatMap(([name, schema]) =>
      missing(schema, field(theirs, "properties", name), `${path}.${name}`),
    ),
    ...(ours.items === undefined ? [] : missing(ours.items, field(theirs, "items"), `${path}[]`)),
    ...(typeof additionalProperties === "object"
      ? missing(additionalProperties, field(theirs, "additionalProperties"), `${path}{}`)
      : []),
  ];
}
