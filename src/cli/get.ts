import { stringify } from "yaml";
import type { ObjectWithStatus } from "../admin/objects.ts";
import { type Kind, kindNamed, kinds, nearestKindName } from "../resources/kinds.ts";
import { chooseOrigin, type OriginOptions } from "./choose-origin.ts";
import { columnsOf } from "./columns.ts";
import type { Output } from "./outputs.ts";
import { queryObjects } from "./query-objects.ts";
import { table } from "./table.ts";
import { UsageError } from "./usage-error.ts";

/** Kubernetes reads YAML 1.1, to which a plain `yes` is a boolean. */
export const yamlOptions = { compat: "yaml-1.1" } as const;

export interface GetOptions extends OriginOptions {
  readonly allNamespaces: boolean;
  readonly namespace?: string;
  readonly output?: Output;
}

/**
 * Prints objects with their status, as `kubectl get` does.
 *
 * @param words `gateways`, `gtw,httproutes`, `httproute/shop`, or `all`
 * @returns the exit code: 0 found, 1 a name was given and is not there
 * @throws UsageError
 */
export async function get(words: string, named: string | undefined, given: GetOptions): Promise<0 | 1> {
  const [word = "", name = named] = words.split("/", 2);
  const asked = word === "all" ? kinds : word.split(",").map(kindOf);
  const [only] = asked.length === 1 ? asked : [];
  const origin = await chooseOrigin(given);
  const options = { ...given, namespace: given.namespace ?? origin.namespace };
  const namespace = given.allNamespaces ? undefined : options.namespace;
  const all = await queryObjects(origin, { kind: only, namespace });
  const found = asked.map((kind) => ({
    kind,
    objects: all.filter((object) => isAskedFor(object, kind, name, options)),
  }));
  const objects = found.flatMap((each) => each.objects);
  if (name !== undefined && objects.length === 0) {
    console.error(notFound(asked[0], name, options.allNamespaces ? undefined : options.namespace));
    return 1;
  }
  switch (options.output) {
    case "json":
    case "yaml": {
      const [first] = objects;
      const answer =
        name !== undefined && objects.length === 1 ? first : { apiVersion: "v1", kind: "List", items: objects };
      console.log(
        options.output === "json" ? JSON.stringify(answer, null, 2) : stringify(answer, yamlOptions).trimEnd(),
      );
      break;
    }
    case "name":
      for (const { kind, objects: ofKind } of found) {
        for (const object of ofKind) console.log(fullName(kind, object));
      }
      break;
    default: {
      if (objects.length === 0) console.error(nothingFound(options));
      const shown = found.filter((each) => each.objects.length > 0);
      const tables = shown.map((each) => tableOf(each.kind, each.objects, shown.length > 1, options));
      if (tables.length > 0) console.log(tables.join("\n\n"));
    }
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

/** What kubectl says of an object that isn't there. */
export function notFound(kind: Kind | undefined, name: string, namespace: string | undefined): string {
  const where = kind?.namespaced === true ? ` in namespace "${namespace ?? "default"}"` : "";
  return `Error: ${kind?.plural ?? "objects"} "${name}" not found${where}`;
}

function isAskedFor(
  { kind, metadata }: ObjectWithStatus,
  asked: Kind,
  name: string | undefined,
  { allNamespaces, namespace = "default" }: GetOptions,
): boolean {
  if (kind !== asked.kind || (name !== undefined && metadata.name !== name)) return false;
  return !asked.namespaced || allNamespaces || metadata.namespace === namespace;
}

function nothingFound({ allNamespaces, namespace = "default" }: GetOptions): string {
  return allNamespaces ? "No resources found." : `No resources found in namespace "${namespace}"; -A looks in all.`;
}

function fullName(kind: Kind, { metadata }: ObjectWithStatus): string {
  return `${kind.singular}${kind.group === "" ? "" : `.${kind.group}`}/${metadata.name}`;
}

function tableOf(kind: Kind, objects: readonly ObjectWithStatus[], several: boolean, options: GetOptions): string {
  const columns = [
    ...(options.allNamespaces && kind.namespaced
      ? [{ heading: "NAMESPACE", value: ({ metadata }: ObjectWithStatus) => metadata.namespace ?? "" }]
      : []),
    {
      heading: "NAME",
      value: (object: ObjectWithStatus) => (several ? fullName(kind, object) : object.metadata.name),
    },
    ...columnsOf(kind, options.output === "wide"),
  ];
  const rows = objects.map((object) => columns.map((column) => column.value(object)));
  return table([columns.map(({ heading }) => heading), ...rows]).join("\n");
}
