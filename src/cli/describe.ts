import { stringify } from "yaml";
import type { ObjectWithStatus } from "../admin/objects.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { keyOf } from "../resources/object.ts";
import { chooseOrigin, type OriginOptions } from "./choose-origin.ts";
import { backendLines } from "./describe-backends.ts";
import { kindOf, notFound, yamlOptions } from "./get.ts";
import { formatFindings } from "./print-findings.ts";
import { type Everything, queryEverything } from "./query-objects.ts";
import { table } from "./table.ts";

export interface DescribeOptions extends OriginOptions {
  readonly namespace?: string;
}

/**
 * Tells all about one object: what was written, what became of it, and where its traffic goes.
 *
 * @param name may be left out of `KIND/NAME`
 * @returns the exit code: 0 found, 1 not there
 * @throws UsageError
 */
export async function describe(word: string, name: string | undefined, options: DescribeOptions): Promise<0 | 1> {
  const [kindWord = "", named = name ?? ""] = word.split("/", 2);
  const kind = kindOf(kindWord);
  const origin = await chooseOrigin(options);
  const namespace = options.namespace ?? origin.namespace;
  const everything = await queryEverything(origin, namespace);
  const object = everything.objects.find(
    ({ kind: found, metadata }) =>
      found === kind.kind && metadata.name === named && (!kind.namespaced || metadata.namespace === namespace),
  );
  if (object === undefined) {
    console.error(notFound(kind, named, namespace));
    return 1;
  }
  console.log(describeObject(object, everything).join("\n"));
  return 0;
}

/** The lines of a description. */
export function describeObject(object: ObjectWithStatus, everything: Everything): readonly string[] {
  const { metadata, kind, apiVersion } = object;
  const head = [
    ["Name:", metadata.name],
    ...(metadata.namespace === undefined ? [] : [["Namespace:", metadata.namespace]]),
    ["Kind:", `${kind} (${apiVersion})`],
    ["Labels:", pairs(metadata.labels)],
    ["Annotations:", pairs(metadata.annotations)],
    ["Generation:", String(metadata.generation ?? 1)],
  ];
  const findings = everything.findings.filter(({ origin }) => isAbout(origin?.resource, object));
  return [
    ...table(head),
    ...section("Spec:", specLines(object)),
    ...section("Status:", statusLines(object)),
    ...section("Backends:", backendLines(object, everything.objects)),
    ...section("Findings:", findings.length === 0 ? [] : formatFindings(findings, false).trimEnd().split("\n")),
  ];
}

function isAbout(
  reference: { readonly kind: string; readonly namespace?: string; readonly name: string } | undefined,
  { kind, metadata }: ObjectWithStatus,
): reference is NonNullable<Finding["origin"]>["resource"] {
  return reference !== undefined && reference.kind === kind && keyOf({ metadata: reference }) === keyOf({ metadata });
}

/** Everything but what the head and the status say. Values of Secrets are nobody's business. */
function specLines(object: ObjectWithStatus): readonly string[] {
  const { apiVersion: _apiVersion, kind, metadata: _metadata, status: _status, ...rest } = object;
  if (kind === "Secret") {
    const names = ["data", "stringData"].flatMap((part) => Object.keys(Object(field(object, part))));
    return [`type: ${text(field(object, "type")) || "Opaque"}`, `data: ${names.join(", ") || "none"}`];
  }
  const spec = field(object, "spec");
  const shown: unknown = spec === undefined ? rest : spec;
  return stringify(shown, yamlOptions).trimEnd().split("\n");
}

function statusLines(object: ObjectWithStatus): readonly string[] {
  const status = field(object, "status");
  const addresses = list(field(status, "addresses")).map((address) => text(field(address, "value")));
  return [
    ...(addresses.length === 0 ? [] : [`Addresses: ${addresses.join(", ")}`]),
    ...conditionLines(status),
    ...list(field(status, "listeners")).flatMap((listener) =>
      section(listenerHeading(listener), conditionLines(listener)),
    ),
    ...list(field(status, "parents")).flatMap((parent) =>
      section(`Parent ${referenceText(field(parent, "parentRef"))}:`, conditionLines(parent)),
    ),
    ...list(field(status, "ancestors")).flatMap((ancestor) =>
      section(`On ${referenceText(field(ancestor, "ancestorRef"))}:`, conditionLines(ancestor)),
    ),
  ];
}

function listenerHeading(listener: unknown): string {
  const routes = Number(text(field(listener, "attachedRoutes")) || 0);
  const kinds = list(field(listener, "supportedKinds")).map((kind) => text(field(kind, "kind")));
  const carries = kinds.length === 0 ? "carries nothing" : `carries ${kinds.join(", ")}`;
  return `Listener ${text(field(listener, "name"))}: ${routes} attached ${routes === 1 ? "route" : "routes"}; ${carries}`;
}

function referenceText(reference: unknown): string {
  const of = (part: string): string => text(field(reference, part));
  const name = [of("namespace"), of("name")].filter((part) => part !== "").join("/");
  const listener = of("sectionName") === "" ? "" : `, listener ${of("sectionName")}`;
  const port = of("port") === "" ? "" : `, port ${of("port")}`;
  return `${of("kind") || "Gateway"} ${name}${listener}${port}`;
}

function conditionLines(holder: unknown): readonly string[] {
  const conditions = list(field(holder, "conditions"));
  if (conditions.length === 0) return [];
  const row = (condition: unknown): readonly string[] =>
    ["type", "status", "reason", "message"].map((name) => text(field(condition, name)));
  return table([["TYPE", "STATUS", "REASON", "MESSAGE"], ...conditions.map(row)]);
}

/** Nothing where there are no lines. */
function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => (line === "" ? "" : `  ${line}`))];
}

function pairs(values: Readonly<Record<string, string>> | undefined): string {
  const written = Object.entries(values ?? {}).map(([key, value]) => `${key}=${value}`);
  return written.join(", ") || "<none>";
}
