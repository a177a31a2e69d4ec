import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "@bufbuild/cel";
import { kinds, schemaOf } from "./kinds.ts";
import { formatPath } from "./origin.ts";
import { type Json, jsonCopy, type Schema, type ValidationRule } from "./schema.ts";
import { validateObject, validateUpdate } from "./validate-object.ts";
import { validateRules, validateTransition } from "./validate-rules.ts";

/** What breaks, as `path: message`, when a value has to keep a rule. */
function breaks(value: Json, rule: string, schema: Partial<Schema> = {}): readonly string[] {
  const whole: Schema = { ...schema, "x-kubernetes-validations": [{ rule, message: "broken" }] };
  return validateRules({ it: value }, { type: "object", properties: { it: whole } }, []).map(({ message }) => message);
}

describe("validateRules", () => {
  const integer: Schema = { type: "integer" };
  for (const [what, value, rule, schema] of [
    ["integers are CEL's int", { a: 2 }, "self.a / 2 == 1", { properties: { a: integer } }],
    ["numbers are CEL's double", { a: 2 }, "self.a / 2.0 == 1.0", { properties: { a: { type: "number" } } }],
    [
      "a port may be either",
      ["http", 80],
      "self[0] == 'http' && self[1] == 80",
      { items: { "x-kubernetes-int-or-string": true } },
    ],
    ["reserved words are escaped", { namespace: "a" }, "self.__namespace__ == 'a' && has(self.__namespace__)", {}],
    ["an absent field isn't there", {}, "!has(self.a)", {}],
    [
      "keys of a map",
      { "a/b": "" },
      "self.all(key, key.matches('^[a-z/]+$')) && 'a/b' in self && self.size() == 1",
      {},
    ],
    ["addresses", "10.0.0.1", "isIP(self) && !isIP('10.0.0') && !isIP('fe80::1%eth0') && isIP('::1')", {}],
    [
      "formats",
      "A",
      "format.dns1123Label().validate(self).hasValue() && !format.dns1123Label().validate('a').hasValue()",
      {},
    ],
    ["durations", "1h30m", "duration(self) == duration('90m') && duration('500ms') < duration('1s')", {}],
    ["RE2's syntax", "ABC", "self.matches('^(?i)abc$')", {}],
    ["an error on one side of || does not count", {}, "self.a > 1 || !has(self.a)", {}],
  ] as const) {
    test(what, () => {
      deepEqual(breaks(jsonCopy(value), rule, schema), []);
      equal(breaks(jsonCopy(value), `!(${rule})`, schema).length, 1);
    });
  }

  for (const [what, value, rule, expected] of [
    ["a rule that can't be evaluated does not hold", {}, "self.missing == 'a'", "it: broken."],
    ["a scalar is shown", "x", "self == 'a'", 'it: broken (it is "x").'],
    [
      "the entry with which a list breaks",
      ["a", "b", "a"],
      "self.all(x, self.exists_one(y, x == y))",
      'it[2]: broken (it is "a").',
    ],
    [
      "the first of several wrong entries",
      ["a", "X", "Y"],
      "self.all(x, x.matches('^[a-z]$'))",
      'it[1]: broken (it is "X").',
    ],
    ["a list that is too short is wrong as a whole", [{}, {}], "self.size() > 2", "it: broken."],
    [
      "the one field that is there",
      { type: "A", value: "b" },
      "self.type == 'A' ? self.value == 'a' : true",
      'it.value: broken (it is "b").',
    ],
    ["the object, if several are", { a: 1, b: 2 }, "self.a == self.b", "it: broken."],
  ] as const) {
    test(what, () => deepEqual(breaks(jsonCopy(value), rule), [expected]));
  }

  test("of the pair of rules that a union breaks, one is reported", () => {
    const rules = ["!(has(self.a) && self.type != 'A')", "!(!has(self.b) && self.type == 'B')", "self.c == 1"];
    const schema: Schema = { "x-kubernetes-validations": rules.map((rule) => ({ rule, message: rule })) };
    deepEqual(
      validateRules({ type: "B", a: {}, c: 2 }, { properties: { it: schema }, ...schema }, []).map(({ path }) =>
        formatPath(path),
      ),
      ["a", "c"],
    );
  });

  test("what is known to be wrong is not checked, nor what contains it, but all beside it", () => {
    const broken: readonly ValidationRule[] = [{ rule: "false", message: "broken" }];
    const leaf: Schema = { "x-kubernetes-validations": broken };
    const schema: Schema = { properties: { a: { ...leaf, properties: { b: leaf, c: leaf } }, d: leaf } };
    deepEqual(
      validateRules({ a: { b: "", c: "" }, d: "" }, schema, [["a", "b"]]).map(({ path }) => formatPath(path)),
      ["a.c", "d"],
    );
  });

  test("remembers by value: what was judged before is judged the same at another place", () => {
    const leaf: Schema = { "x-kubernetes-validations": [{ rule: "self == 'a'", message: "broken" }] };
    const schema: Schema = { items: leaf };
    const paths = (list: Json) =>
      validateRules(list, schema, []).map(({ path, message }) => `${formatPath(path)} ${message}`);
    deepEqual(paths(["a", "b", "b"]), ['[1] [1]: broken (it is "b").', '[2] [2]: broken (it is "b").']);
    deepEqual(paths(["b", "a"]), ['[0] [0]: broken (it is "b").']);
  });

  test("every rule of every kind can be read", () => {
    const rules = new Set(
      kinds.flatMap((kind) => kind.versions.flatMap((version) => rulesIn(schemaOf(kind, version)))),
    );
    ok(rules.size >= 100);
    for (const rule of rules) parse(rule);
  });
});

describe("validateTransition", () => {
  const immutable: Schema = {
    type: "string",
    "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "field is immutable" }],
  };
  const schema: Schema = {
    properties: {
      name: immutable,
      map: {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["k"],
        items: { properties: { k: { type: "string" }, v: immutable } },
      },
      atomic: { items: immutable },
    },
  };
  for (const [what, before, after, expected] of [
    ["the same", { name: "a" }, { name: "a" }, []],
    ["changed", { name: "a" }, { name: "b" }, ['name: field is immutable (it is "b").']],
    ["added", {}, { name: "b" }, []],
    ["removed", { name: "a" }, {}, []],
    [
      "an entry that moved",
      {
        map: [
          { k: "1", v: "a" },
          { k: "2", v: "b" },
        ],
      },
      {
        map: [
          { k: "2", v: "b" },
          { k: "1", v: "a" },
        ],
      },
      [],
    ],
    [
      "an entry that changed",
      { map: [{ k: "1", v: "a" }] },
      {
        map: [
          { k: "2", v: "b" },
          { k: "1", v: "b" },
        ],
      },
      ['map[1].v: field is immutable (it is "b").'],
    ],
    ["entries without keys can't be told apart", { atomic: ["a"] }, { atomic: ["b"] }, []],
  ] as const) {
    test(what, () => {
      deepEqual(
        validateTransition(jsonCopy(after), jsonCopy(before), schema).map(({ message }) => message),
        expected,
      );
    });
  }

  test("a GatewayClass keeps its controller", () => {
    const gatewayClass = (controllerName: string) => {
      const { object } = validateObject({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "GatewayClass",
        metadata: { name: "a" },
        spec: { controllerName },
      });
      if (object === undefined) throw new Error("not valid");
      return object;
    };
    const old = gatewayClass("example.com/a");
    deepEqual(validateUpdate(old, old), []);
    deepEqual(
      validateUpdate(old, gatewayClass("example.com/b")).map(({ path }) => formatPath(path)),
      ["spec.controllerName"],
    );
  });
});

function rulesIn(schema: Schema): readonly string[] {
  const { properties, items, additionalProperties } = schema;
  const own = (schema["x-kubernetes-validations"] ?? []).map(({ rule }) => rule);
  const parts = [
    ...Object.values<Schema>(properties ?? {}),
    ...(items ? [items] : []),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
  ];
  return [...own, ...parts.flatMap(rulesIn)];
}
