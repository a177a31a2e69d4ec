/** What a CustomResourceDefinition of ours says of its fields, as Markdown. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { CustomResourceDefinition, Schema } from "./generate/schema.ts";

/**
 * A section with a table for each field of `spec`.
 *
 * @param file of the definition
 * @param kubernetesOwn fields whose type is Kubernetes' own, and where its reference describes it
 */
export function fieldSections(file: string, kubernetesOwn: Readonly<Record<string, string>> = {}): readonly string[] {
  const definition: CustomResourceDefinition = parse(readFileSync(file, "utf8"));
  const spec = definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
  if (spec === undefined) throw new Error(`${file} has no spec`);
  return Object.entries(spec.properties ?? {}).map(([name, section]) =>
    sectionOf(`spec.${name}`, section, kubernetesOwn),
  );
}

type Anchors = Readonly<Record<string, string>>;

function sectionOf(path: string, schema: Schema, kubernetesOwn: Anchors): string {
  const rows = rowsOf(path, schema, true, kubernetesOwn).map(
    ([field, type, description]) => `| \`${field}\` | ${type} | ${description} |`,
  );
  return [`## \`${path}\`\n`, `${notes(schema)}\n`, "| field | type | |", "|---|---|---|", ...rows, ""].join("\n");
}

type Row = readonly [field: string, type: string, description: string];

function rowsOf(path: string, schema: Schema, isSection: boolean, kubernetesOwn: Anchors): readonly Row[] {
  const own: readonly Row[] = isSection ? [] : [[path, typeOf(schema, kubernetesOwn[path]), notes(schema)]];
  if (kubernetesOwn[path] !== undefined) return own;
  const inner = schema.items ?? schema;
  const at = schema.items === undefined ? path : `${path}[]`;
  const properties = Object.entries(inner.properties ?? {});
  return [...own, ...properties.flatMap(([name, property]) => rowsOf(`${at}.${name}`, property, false, kubernetesOwn))];
}

function typeOf(schema: Schema, anchor?: string): string {
  if (anchor !== undefined) {
    const [kind = ""] = anchor.split("-");
    return `[${schema.items === undefined ? "" : "list of "}${kind}](https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#${anchor})`;
  }
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map to ${typeOf(schema.additionalProperties)}`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema["x-kubernetes-int-or-string"] === true)
    return schema["pattern"] === percentage ? "integer or percentage" : "quantity";
  const { minimum, maximum } = schema;
  const range = typeof minimum === "number" && typeof maximum === "number" ? ` ${minimum}–${maximum}` : "";
  return `${schema.type ?? "object"}${range}`;
}

const percentage = "^([0-9]+|[0-9]+%)$";

/** What it is for, and what its rules forbid. */
function notes(schema: Schema): string {
  const rules = schema["x-kubernetes-validations"];
  const messages = Array.isArray(rules) ? rules.map(({ message }: { message: string }) => `Refused: ${message}.`) : [];
  return [plain(schema.description), ...messages].join(" ");
}

/** As it stands in a document whose table names the field already. */
function plain(description = ""): string {
  return description.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
