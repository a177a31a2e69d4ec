import { stringify } from "yaml";
import type { ObjectWithStatus } from "../admin/objects.ts";
import { type Kind, kindNamed, nearestKindName } from "../resources/kinds.ts";
import { columnsOf } from "./columns.ts";
import { type Origin, queryObjects, UsageError } from "./query-objects.ts";

export interface GetOptions extends Origin {
  readonly allNamespaces: boolean;
  readonly namespace?: string;
  readonly output?: string;
}

/**
 * Prints objects with their status, as `kubectl get` does.
 *
 * @returns the exit code: 0 found, 1 a name was given and is not there
 * @throws UsageError
 */
export async function get(kindName: string, name: string | undefined, options: GetOptions): Promise<0 | 1> {
  const kind = kindOf(kindName);
  const all = await queryObjects(options, kind.kind);
  const objects = all.filter(
    (object) =>
      object.kind === kind.kind &&
      (name === undefined || object.metadata.name === name) &&
      (!kind.namespaced || options.allNamespaces || object.metadata.namespace === (options.namespace ?? "default")),
  );
  const { output } = options;
  if (name !== undefined && objects.length === 0) {
    console.error(
      `Error: ${kind.plural} "${name}" not found${kind.namespaced && !options.allNamespaces ? ` in namespace "${options.namespace ?? "default"}"` : ""}`,
    );
    return 1;
  }
  if (output === "json" || output === "yaml") {
    const [first] = objects;
    const answer =
      name !== undefined && objects.length === 1 ? first : { apiVersion: "v1", kind: "List", items: objects };
    console.log(output === "json" ? JSON.stringify(answer, null, 2) : stringify(answer).trimEnd());
  } else if (output === "name") {
    for (const object of objects) console.log(`${kind.singular}/${object.metadata.name}`);
  } else if (output === undefined || output === "wide") {
    printTable(kind, objects, options.allNamespaces && kind.namespaced, output === "wide");
  } else {
    throw new UsageError(`There is no output format ${output}; use wide, yaml, json or name.`);
  }
  return 0;
}

/** The kind that a person means. @throws UsageError with a suggestion */
export function kindOf(word: string): Kind {
  const kind = kindNamed(word);
  if (kind !== undefined) return kind;
  const nearest = nearestKindName(word);
  throw new UsageError(`There is no kind ${word}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`);
}

function printTable(kind: Kind, objects: readonly ObjectWithStatus[], withNamespace: boolean, wide: boolean): void {
  if (objects.length === 0) {
    console.error("No resources found.");
    return;
  }
  const columns = [
    ...(withNamespace
      ? [{ heading: "NAMESPACE", value: (object: ObjectWithStatus) => object.metadata.namespace ?? "" }]
      : []),
    { heading: "NAME", value: (object: ObjectWithStatus) => object.metadata.name },
    ...columnsOf(kind, wide),
  ];
  const rows = [
    columns.map((column) => column.heading),
    ...objects.map((object) => columns.map((column) => column.value(object))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  for (const row of rows) {
    console.log(
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("   ")
        .trimEnd(),
    );
  }
}
