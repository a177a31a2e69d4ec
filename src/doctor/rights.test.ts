import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { field, list, text } from "../resources/field.ts";
import { resourceName, rights } from "./rights.ts";

const manifests = join(import.meta.dirname, "../../manifests/gatewright.yaml");

test("the rights that doctor asks for are those that the manifests grant", () => {
  const granted = parseAllDocuments(readFileSync(manifests, "utf8")).flatMap((document) => {
    const object: unknown = document.toJS();
    const scope = scopes[`${text(field(object, "kind"))} ${text(field(object, "metadata", "name"))}`];
    return scope === undefined ? [] : list(field(object, "rules")).flatMap((rule) => flat(scope, rule));
  });
  const asked = rights.map((right) => `${right.scope}: ${right.verb} ${resourceName(right)}`);
  deepEqual([...new Set(asked)].sort(), [...new Set(granted)].sort());
});

const scopes: Readonly<Record<string, string>> = {
  "ClusterRole gatewright": "cluster",
  "ClusterRole gatewright-namespaces": "namespaces",
  "Role gatewright": "own",
};

function flat(scope: string, rule: unknown): readonly string[] {
  return list(field(rule, "apiGroups")).flatMap((group) =>
    list(field(rule, "resources")).flatMap((path) =>
      list(field(rule, "verbs")).flatMap((verb) => {
        const [resource = "", subresource] = text(path).split("/");
        const right = {
          group: text(group),
          resource,
          verb: text(verb),
          scope: "own" as const,
          ...(subresource !== undefined && { subresource }),
        };
        const names = list(field(rule, "resourceNames")).map(text);
        const granted = names.length === 0 ? [right] : names.map((name) => ({ ...right, name }));
        return granted.map((each) => `${scope}: ${text(verb)} ${resourceName(each)}`);
      }),
    ),
  );
}
