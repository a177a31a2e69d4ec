import { hasFormat } from "./formats.ts";
import type { Kind } from "./kinds.ts";
import { type Mistake, mistake, warning } from "./mistake.ts";
import { isJsonObject, type Json, type JsonObject } from "./schema.ts";

/** What a metadata that is structurally valid comes to: with a namespace where the kind has one. */
export interface ValidatedMetadata {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly mistakes: readonly Mistake[];
}

/** Kinds whose names become DNS labels; all others are DNS names with dots. */
const namedByLabel: ReadonlySet<string> = new Set(["Service", "Namespace"]);

/**
 * Checks an object's name, namespace, labels and annotations as the API server does. An object of a namespaced kind
 * that names no namespace is in `default`, as with kubectl.
 */
export function validateMetadata(metadata: JsonObject, kind: Kind): ValidatedMetadata {
  const { name, namespace, generateName, labels, annotations } = metadata;
  const mistakes: Mistake[] = [];
  if (typeof name === "string" && name !== "") mistakes.push(...nameMistakes(name, kind));
  else if (name === undefined || name === "") {
    const remedy =
      generateName === undefined ? undefined : "Only a cluster makes names from generateName; write a name here.";
    mistakes.push(mistake("missing-field", ["metadata"], "metadata.name is missing.", remedy));
  }
  if (typeof namespace === "string" && namespace !== "") {
    if (!kind.namespaced) {
      const message = `${kind.kind} has no namespace; "${namespace}" is left out.`;
      const path = ["metadata", "namespace"];
      mistakes.push(warning("ignored-namespace", path, message, "Remove it.", [{ kind: "remove", path }]));
    } else if (!hasFormat("dns1123Label", namespace)) mistakes.push(invalidName("namespace", namespace, 63, false));
  }
  mistakes.push(...entryMistakes("labels", labels), ...entryMistakes("annotations", annotations));
  const given = typeof namespace === "string" && namespace !== "" ? namespace : "default";
  return {
    name: typeof name === "string" && name !== "" ? name : undefined,
    namespace: kind.namespaced ? given : undefined,
    mistakes,
  };
}

function nameMistakes(name: string, kind: Kind): readonly Mistake[] {
  const isLabel = namedByLabel.has(kind.kind);
  // A signer's ClusterTrustBundle has the signer in front, as in example.com:signer:NAME.
  const own = kind.kind === "ClusterTrustBundle" ? name.slice(name.lastIndexOf(":") + 1) : name;
  if (hasFormat(isLabel ? "dns1123Label" : "dns1123Subdomain", own)) return [];
  return [invalidName("name", name, isLabel ? 63 : 253, !isLabel)];
}

function invalidName(field: "name" | "namespace", value: string, longest: number, dots: boolean): Mistake {
  const path = ["metadata", field];
  if (value.length > longest) {
    return mistake(
      "invalid-name",
      path,
      `metadata.${field} has ${value.length} characters; at most ${longest} are allowed.`,
    );
  }
  const better = value
    .toLowerCase()
    .replaceAll(/[_\s]+|(?<=\.)\.+/g, "-")
    .replaceAll(dots ? /[^a-z0-9.-]/g : /[^a-z0-9-]/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  const characters = dots ? "lower-case letters, digits, - and ." : "lower-case letters, digits and -";
  return mistake(
    "invalid-name",
    path,
    `metadata.${field} ${JSON.stringify(value)} is no valid name: it takes ${characters}, and begins and ends with a letter or digit.`,
    hasFormat("dns1123Subdomain", better) ? `Write ${better}.` : undefined,
  );
}

function entryMistakes(field: "labels" | "annotations", map: Json | undefined): readonly Mistake[] {
  if (!isJsonObject(map)) return [];
  return Object.entries(map).flatMap(([key, value]) => {
    const path = ["metadata", field, key];
    const what = field === "labels" ? "label" : "annotation";
    if (!hasFormat("qualifiedName", field === "annotations" ? key.toLowerCase() : key)) {
      const message = `"${key}" is no key of ${what === "label" ? "a label" : "an annotation"}: it takes letters, digits, -, _ and ., and perhaps a domain and / in front.`;
      return [
        { ...mistake(what === "label" ? "invalid-label" : "invalid-annotation", path, message), atKey: true as const },
      ];
    }
    if (field === "labels" && typeof value === "string" && !hasFormat("labelValue", value)) {
      const message = `metadata.labels.${key}: ${JSON.stringify(value)} is no value of a label: at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit.`;
      return [mistake("invalid-label", path, message)];
    }
    return [];
  });
}
