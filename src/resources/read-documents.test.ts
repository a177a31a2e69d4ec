import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { DocumentCache, readDocuments } from "./read-documents.ts";

const service = (name: string, port: number | string = 80): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  ports:
  - port: ${port}
`;

const namesIn = (text: string): readonly (string | undefined)[] =>
  readDocuments(text, "x.yaml").map(({ object }) => object?.metadata.name);

describe("readDocuments", () => {
  test("fills in defaults and the namespace, and freezes all of it", () => {
    const [document] = readDocuments(service("cart"), "shop.yaml");
    deepEqual(document?.findings, []);
    deepEqual(document?.object, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cart", namespace: "default" },
      spec: { ports: [{ port: 80, protocol: "TCP" }], sessionAffinity: "None", type: "ClusterIP" },
    });
    deepEqual(document?.reference, { group: "", kind: "Service", namespace: "default", name: "cart" });
    for (const part of partsOf(document?.object)) ok(Object.isFrozen(part));
  });

  for (const [what, text, expected] of [
    ["nothing", "", []],
    ["blank lines and comments", "\n# nothing\n---\n# here\n---\n", []],
    ["several documents", `---\n${service("a")}---\n---\n${service("b")}...\n`, ["a", "b"]],
    [
      "Windows' line ends and a byte order mark",
      `\uFEFF${service("a")}---\n${service("b")}`.replaceAll("\n", "\r\n"),
      ["a", "b"],
    ],
    ["a directive", `%YAML 1.2\n---\n${service("a")}`, ["a"]],
    ["JSON", '{"apiVersion":"v1","kind":"Namespace",\t"metadata":{"name":"a"}}', ["a"]],
    [
      "a List",
      '{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}]}',
      ["a"],
    ],
    [
      "a list of a kind",
      "apiVersion: v1\nkind: NamespaceList\nitems: [{metadata: {name: a}}, {metadata: {name: b}}]",
      ["a", "b"],
    ],
    ["an empty List", "apiVersion: v1\nkind: List\nitems: []", []],
    ["anchors and aliases", "apiVersion: v1\nkind: Namespace\nmetadata: {name: &n a, labels: {team: *n}}", ["a"]],
    ["--- in a block scalar, which ends it", `${service("a")}---\n${service("b")}`, ["a", "b"]],
  ] as const) {
    test(`reads ${what}`, () => deepEqual(namesIn(text), expected));
  }

  test("one wrong document leaves the others alone, and is still known by name", () => {
    const documents = readDocuments([service("a"), service("b", "eighty"), service("c")].join("---\n"), "x.yaml");
    deepEqual(
      documents.map(({ object, reference, findings }) => [object?.metadata.name, reference?.name, findings.length]),
      [
        ["a", "a", 0],
        [undefined, "b", 1],
        ["c", "c", 0],
      ],
    );
    deepEqual(documents[1]?.findings[0]?.location, { file: "x.yaml", line: 15, column: 11 });
  });

  test("locates fields, and for what isn't written the nearest parent", () => {
    const document = readDocuments(`# first\n---\n${service("a")}`, "x.yaml")[0];
    const line = (...path: readonly (string | number)[]): readonly [number, number] | undefined => {
      const place = document?.locate(path);
      return place && [place.line, place.column];
    };
    deepEqual(line(), [3, 1]);
    deepEqual(line("metadata", "name"), [6, 9]);
    deepEqual(line("spec", "ports"), [8, 3]);
    deepEqual(line("spec", "ports", 0), [9, 5]);
    deepEqual(line("spec", "ports", 0, "port"), [9, 11]);
    deepEqual(line("spec", "ports", 0, "protocol"), [9, 5]);
    deepEqual(line("spec", "type"), [7, 1]);
  });

  test("older served versions become the one that Gatewright works with", () => {
    const [document] = readDocuments(
      "apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TLSRoute\nmetadata: {name: a}\nspec: {rules: [{backendRefs: [{name: b, port: 1}]}]}",
      "x.yaml",
    );
    deepEqual(document?.findings, []);
    equal(document?.object?.apiVersion, "gateway.networking.k8s.io/v1");
    deepEqual(
      document?.object && "spec" in document.object && Object.keys(Object(document.object.spec)).includes("hostnames"),
      true,
    );
  });

  test("an unchanged document stays the same object, wherever it moves", () => {
    const cache = new DocumentCache();
    const before = readDocuments(`${service("a")}---\n${service("b", "x")}`, "x.yaml", cache);
    const after = readDocuments(
      `${service("new")}---\n# moved\n${service("c")}---\n${service("b", "x")}---\n${service("a")}`,
      "x.yaml",
      cache,
    );
    ok(before[0]?.object !== undefined);
    equal(after[3]?.object, before[0]?.object);
    const again = readDocuments(
      `# longer\n# by two lines\n${service("new")}---\n${service("b", "x")}---\n${service("a")}`,
      "x.yaml",
      cache,
    );
    equal(again[2]?.object, after[3]?.object);
    deepEqual(after[2]?.findings[0]?.location?.line, 24);
    deepEqual(again[1]?.findings[0]?.location?.line, 17);
  });
});

function partsOf(value: unknown): readonly object[] {
  return typeof value === "object" && value !== null ? [value, ...Object.values(value).flatMap(partsOf)] : [];
}
