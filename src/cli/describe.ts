import { stringify } from "yaml";
import type { ObjectWithStatus } from "../admin/objects.ts";
import { field, list, text } from "./field.ts";
import { kindOf } from "./get.ts";
import { type Origin, queryObjects } from "./query-objects.ts";

export interface DescribeOptions extends Origin {
  readonly namespace?: string;
}

/**
 * Tells all about one object: its spec, and what became of it.
 *
 * @returns the exit code: 0 found, 1 not there
 * @throws UsageError
 */
export async function describe(kindName: string, name: string, options: DescribeOptions): Promise<0 | 1> {
  const kind = kindOf(kindName);
  const objects = await queryObjects(options, kind.kind);
  const namespace = options.namespace ?? "default";
  const object = objects.find(
    ({ metadata }) => metadata.name === name && (!kind.namespaced || metadata.namespace === namespace),
  );
  if (object === undefined) {
    console.error(`Error: ${kind.plural} "${name}" not found${kind.namespaced ? ` in namespace "${namespace}"` : ""}`);
    return 1;
  }
  console.log(description(object).join("\n"));
  return 0;
}

function description(object: ObjectWithStatus): readonly string[] {
  const { metadata, kind, apiVersion } = object;
  return [
    `Name:         ${metadata.name}`,
    ...(metadata.namespace === undefined ? [] : [`Namespace:    ${metadata.namespace}`]),
    `Kind:         ${kind} (${apiVersion})`,
    `Labels:       ${pairs(metadata.labels)}`,
    `Annotations:  ${pairs(metadata.annotations)}`,
    "Spec:",
    ...indent(
      stringify(kind === "Secret" ? "(not shown)" : (field(object, "spec") ?? {}))
        .trimEnd()
        .split("\n"),
    ),
    ...statusOf(object),
  ];
}

function statusOf(object: ObjectWithStatus): readonly string[] {
  const status = field(object, "status");
  if (status === undefined) return ["Status:       no controller of ours has anything to say about it"];
  const addresses = list(field(status, "addresses")).map((address) => text(field(address, "value")));
  return [
    ...(addresses.length === 0 ? [] : [`Addresses:    ${addresses.join(", ")}`]),
    ...conditions("Conditions:", field(status, "conditions")),
    ...list(field(status, "listeners")).flatMap((listener) => [
      `Listener ${text(field(listener, "name"))}: ${text(field(listener, "attachedRoutes"))} attached routes, carries ${
        list(field(listener, "supportedKinds"))
          .map((kind) => text(field(kind, "kind")))
          .join(", ") || "nothing"
      }`,
      ...indent(conditions("Conditions:", field(listener, "conditions"))),
    ]),
    ...list(field(status, "parents")).flatMap((parent) => [
      `Parent ${["namespace", "name", "sectionName", "port"]
        .map((part) => text(field(parent, "parentRef", part)))
        .filter((part) => part !== "")
        .join("/")}:`,
      ...indent(conditions("Conditions:", field(parent, "conditions"))),
    ]),
  ];
}

function conditions(heading: string, value: unknown): readonly string[] {
  const entries = list(value);
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => [
    text(field(entry, "type")),
    text(field(entry, "status")),
    text(field(entry, "reason")),
    text(field(entry, "message")),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    heading,
    ...rows.map(
      (row) =>
        `  ${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}`,
    ),
  ];
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function pairs(values: Readonly<Record<string, string>> | undefined): string {
  return (
    Object.entries(values ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(", ") || "<none>"
  );
}
