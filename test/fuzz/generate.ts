import fc from "fast-check";
import { apiVersionOf, type Kind, kinds, schemaOf } from "../../src/resources/kinds.ts";
import type { Json, JsonObject, Schema } from "../../src/resources/schema.ts";
import { type Corpus, crossed } from "./corpus.ts";
import { important, keysByField, names, namespaces, narrowing, referredKinds, valuesByField } from "./pools.ts";

/** PEM for the fields of Secrets and ConfigMaps, by key. */
export type PemByKey = Readonly<Record<string, readonly string[]>>;

/**
 * Documents of every kind that there is a schema for: most have the form that it asks for, and some don't. New kinds and
 * fields come by themselves.
 */
export class Generator {
  readonly #pem: PemByKey;
  readonly #corpus: Corpus;
  readonly #matching = new Map<string, fc.Arbitrary<string>>();

  constructor(pem: PemByKey, corpus: Corpus) {
    this.#pem = pem;
    this.#corpus = corpus;
  }

  document(): fc.Arbitrary<JsonObject> {
    return fc.oneof(
      ...kinds.map((kind) => ({
        weight: weights[kind.kind] ?? 1,
        arbitrary: crossed(this.#corpus, kind.kind, this.#ofKind(kind)),
      })),
    );
  }

  #ofKind(kind: Kind): fc.Arbitrary<JsonObject> {
    const [version] = kind.versions;
    const { properties = {}, required = [] } = schemaOf(kind, version);
    const { apiVersion: _, kind: __, metadata: ___, status: ____, ...own } = properties;
    const body = this.#record(own, required);
    return fc.tuple(metadata(kind), body).map(([meta, rest]) => ({
      apiVersion: apiVersionOf(kind.group, version),
      kind: kind.kind,
      metadata: meta,
      ...rest,
    }));
  }

  #record(properties: Readonly<Record<string, Schema>>, required: readonly string[]): fc.Arbitrary<JsonObject> {
    const fields = Object.entries(properties).map(([name, schema]) => {
      const pool = name === "name" ? poolOfName(properties) : name;
      const value = fc.oneof({ weight: 60, arbitrary: this.#value(schema, pool) }, { weight: 1, arbitrary: junk });
      const narrows = narrowing.has(name) || (name === "port" && "sectionName" in properties);
      const present = required.includes(name) ? 30 : name === "spec" ? 60 : important.has(name) && !narrows ? 4 : 1;
      const absent = required.includes(name) ? 1 : narrows ? 6 : important.has(name) ? 1 : 3;
      return fc
        .oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: present, arbitrary: value })
        .map((it) => [name, it] as const);
    });
    return fc
      .tuple(...fields)
      .map((entries) =>
        Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
      );
  }

  #value(schema: Schema, field: string): fc.Arbitrary<Json> {
    const known = valuesByField[field]?.filter((value) => fits(value, schema)) ?? [];
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum.filter(isJsonValue));
    switch (schema["x-kubernetes-int-or-string"] === true ? "string" : schema.type) {
      case "boolean":
        return fc.boolean();
      case "integer":
      case "number": {
        const { minimum = 0, maximum = 2 ** 31 - 1 } = schema;
        const edges = fc.constantFrom(minimum, Math.min(maximum, minimum + 1), maximum);
        return known.length === 0
          ? edges
          : fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: edges });
      }
      case "string": {
        const any = this.#text(schema, known.length > 0);
        return known.length === 0
          ? any
          : fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: any });
      }
      case "array": {
        const { items = {}, minItems = 0, maxItems = 3 } = schema;
        const most = Math.max(minItems, Math.min(3, maxItems));
        const some = fc.array(this.#value(items, field), {
          minLength: Math.min(1, most),
          maxLength: most,
          size: "max",
        });
        return minItems > 0
          ? some
          : fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 12, arbitrary: some });
      }
      default:
        return this.#object(schema, field);
    }
  }

  #object(schema: Schema, field: string): fc.Arbitrary<JsonObject> {
    const { properties = {}, additionalProperties, required = [] } = schema;
    if (typeof additionalProperties === "object") return this.#map(additionalProperties, field);
    const whole = this.#record(properties, required);
    if ("kind" in properties && "name" in properties) {
      const needed = required.includes("kind");
      return fc
        .tuple(
          whole,
          fc.oneof(
            { weight: needed ? 0 : 24, arbitrary: fc.constant(undefined) },
            { weight: 1, arbitrary: fc.constantFrom(...referredKinds) },
          ),
        )
        .map(([value, named]) => {
          const { group: _, kind: __, ...rest } = value;
          return { ...rest, ...named };
        });
    }
    const union = unionOf(properties);
    if (union === undefined) return whole;
    // Of the fields that belong to one alternative each, only that of the one that was chosen: others are refused.
    return whole.chain((value) => {
      const chosen = [...union.fields].find(([alternative]) => alternative === value[union.discriminator])?.[1];
      const others = new Set([...union.fields.values()].filter((name) => name !== chosen));
      const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !others.has(name)));
      const needed = chosen === undefined ? undefined : properties[chosen];
      if (chosen === undefined || needed === undefined || chosen in rest) return fc.constant(rest);
      return this.#value(needed, chosen).map((inner) => ({ ...rest, [chosen]: inner }));
    });
  }

  #map(values: Schema, field: string): fc.Arbitrary<JsonObject> {
    const keys = keysByField[field] ?? ["a", "team"];
    const entries = keys.map((key) => {
      const pem = this.#pem[key];
      const encode = (text: string): string =>
        field === "stringData" || (field === "data" && values.format !== "byte")
          ? text
          : Buffer.from(text).toString("base64");
      const value =
        pem === undefined ? this.#value(values, field) : fc.constantFrom(...pem.map(encode), encode("nothing"));
      return fc
        .oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 4, arbitrary: value })
        .map((it) => [key, it] as const);
    });
    return fc
      .tuple(...entries)
      .map((pairs) => Object.fromEntries(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))));
  }

  #text({ pattern, minLength = 0, maxLength = 40 }: Schema, known: boolean): fc.Arbitrary<string> {
    const odd = fc.string({ unit: "binary", minLength, maxLength: Math.min(12, maxLength) });
    if (pattern === undefined || known) return odd;
    const matching =
      this.#matching.get(pattern) ?? fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(40, maxLength) });
    this.#matching.set(pattern, matching);
    return matching;
  }
}

/** Those that decide most are generated most; the rest once. */
const weights: Readonly<Record<string, number>> = {
  HTTPRoute: 12,
  GRPCRoute: 4,
  Gateway: 5,
  ListenerSet: 2,
  TLSRoute: 2,
  TCPRoute: 2,
  Service: 4,
  EndpointSlice: 2,
  BackendTLSPolicy: 2,
  Secret: 2,
  XBackend: 2,
};

/** What stands where something else should. */
const junk: fc.Arbitrary<Json> = fc.constantFrom<Json>(null, "", "odd", -1, 1.5, true, [], {}, [null], { odd: 1 });

/** Seldom those of what is there at first: without a class and a Gateway nothing is served. */
const ownNames: Readonly<Record<string, readonly string[]>> = {
  Namespace: namespaces,
  GatewayClass: ["a", "b", "c", "gatewright"],
  HTTPRoute: ["a", "b", "c", "d", "e"],
  Service: ["b", "b", "c", "a"],
  Gateway: ["b", "c", "b", "c", "edge"],
};

function metadata({ kind, namespaced }: Kind): fc.Arbitrary<JsonObject> {
  const own = ownNames[kind] ?? names;
  return fc
    .record({
      name: fc.constantFrom<string>(...own),
      namespace: fc.constantFrom<Json | undefined>(...(namespaced ? namespaces : [undefined])),
      labels: fc.option(
        fc.constantFrom<JsonObject>(
          { "kubernetes.io/service-name": "a" },
          { "kubernetes.io/service-name": "b", a: "b" },
          { team: "a" },
        ),
        { nil: undefined },
      ),
      annotations: fc.option(
        fc.constantFrom<JsonObject>(
          { "gatewright.dev/endpoints": "10.0.0.1:80, [::1]:81, a=10.0.0.2:80" },
          { "gatewright.dev/endpoints": "odd" },
        ),
        {
          nil: undefined,
          freq: 3,
        },
      ),
      creationTimestamp: fc.constantFrom<Json | undefined>(undefined, "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
    })
    .map((fields) =>
      Object.fromEntries(Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    );
}

/** What a `name` is depends on what stands beside it. */
function poolOfName(neighbours: Readonly<Record<string, Schema>>): string {
  if ("kind" in neighbours) return "sectionName" in neighbours && "port" in neighbours ? "parentName" : "objectName";
  if ("protocol" in neighbours || "rules" in neighbours || "backendRefs" in neighbours) return "sectionName";
  return "headerName";
}

interface Union {
  readonly discriminator: string;
  /** The field that belongs to each value. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A field whose values are names of its neighbours: `type: RequestMirror` goes with `requestMirror`. */
function unionOf(properties: Readonly<Record<string, Schema>>): Union | undefined {
  const lower = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]));
  for (const [discriminator, schema] of Object.entries(properties)) {
    const fields = new Map(
      (schema.enum ?? []).flatMap((value) => {
        const name = lower.get(String(value).toLowerCase());
        return name === undefined ? [] : [[String(value), name] as const];
      }),
    );
    if (fields.size > 0) return { discriminator, fields };
  }
  return undefined;
}

function fits(value: string | number, schema: Schema): boolean {
  if (schema["x-kubernetes-int-or-string"] === true) return true;
  if (typeof value === "number") {
    return (
      (schema.type === "integer" || schema.type === "number") &&
      value >= (schema.minimum ?? 0) &&
      value <= (schema.maximum ?? Number.MAX_SAFE_INTEGER)
    );
  }
  // Lists and maps take the values of their items.
  const inner = schema.type === "array" ? (schema.items ?? {}) : schema;
  return (
    inner.type === "string" &&
    (inner.pattern === undefined || new RegExp(inner.pattern).test(value)) &&
    value.length <= (inner.maxLength ?? 4096)
  );
}

function isJsonValue(value: unknown): value is Json {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
