/** The schemas of CustomResourceDefinitions, and how OpenAPI documents of Kubernetes become such schemas. */

/** A structural schema, as a CustomResourceDefinition holds it, or a definition of an OpenAPI document. */
export interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly [keyword: string]: unknown;
}

export interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly [field: string]: unknown;
}

export interface CustomResourceDefinition {
  readonly apiVersion: string;
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly shortNames?: readonly string[];
      readonly [field: string]: unknown;
    };
    readonly scope: "Namespaced" | "Cluster";
    readonly versions: readonly Version[];
  };
}

/** Named schemas of an OpenAPI document: `io.k8s.networking.gateway.v1.HTTPRouteRule`, for instance. */
export type Definitions = Readonly<Record<string, Schema>>;

/** The definition that a schema refers to, directly or, as OpenAPI 3 has it, through `allOf`. */
export function reference(schema: Schema): string | undefined {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref?.replace("#/components/schemas/", "");
}

/** The schema with `change` applied to it and to everything in it, inside out. */
export function mapSchema(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  return change({
    ...schema,
    ...(properties && { properties: mapValues(properties, (property) => mapSchema(property, change)) }),
    ...(items && { items: mapSchema(items, change) }),
    ...(additionalProperties && { additionalProperties: mapSchema(additionalProperties, change) }),
  });
}

/** The schema with each description cut to its first sentence: enough to say in an error what a field is for. */
export function shortened(schema: Schema): Schema {
  return mapSchema(schema, ({ description, ...rest }) =>
    description === undefined ? rest : { ...rest, description: firstSentence(description) },
  );
}

/** @example firstSentence("Weight is a share, e.g. 9.\nIt defaults to 1.\n\nSupport: Core")  // "Weight is a share, e.g. 9." */
export function firstSentence(text: string): string {
  const plain = text.replaceAll(/<\/?gateway:[^>]*>/g, "").trim();
  const paragraph = (plain.split(/\n\s*\n/)[0] ?? "").replaceAll(/\s+/g, " ");
  return /^.*?(?<!\b(?:e\.g|i\.e|vs))[.!](?= (?:[A-Z`*"]|https:)|$)/.exec(paragraph)?.[0] ?? paragraph;
}

/** Adds to a definition what its OpenAPI document leaves out. */
export type Amend = (name: string, definition: Schema) => Schema;

/**
 * A definition of an OpenAPI document as a CustomResourceDefinition would have it: nothing refers, zero values of Go are
 * no defaults, and the words for `kubectl apply`'s old merges are gone.
 */
export function inlined(name: string, definitions: Definitions, amend: Amend): Schema {
  const definition = definitions[name];
  if (definition === undefined) throw new Error(`${name} is not defined`);
  if (name.endsWith(".intstr.IntOrString")) return { "x-kubernetes-int-or-string": true };
  if (name.endsWith(".resource.Quantity")) return { "x-kubernetes-int-or-string": true, pattern: quantity };
  return mapSchema(amend(name, mapSchema(definition, structural)), (part) => {
    const target = reference(part);
    if (target === undefined) return part;
    return { ...inlined(target, definitions, amend), ...without(part, (word) => word === "$ref" || word === "allOf") };
  });
}

/** As controller-gen has it in CustomResourceDefinitions. */
const quantity =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

function structural(schema: Schema): Schema {
  return without(
    schema,
    (word, value) =>
      /^x-kubernetes-(patch|group-version-kind|unions)/.test(word) || (word === "default" && isZero(value)),
  );
}

function without(schema: Schema, isUnwanted: (word: string, value: unknown) => boolean): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([word, value]) => !isUnwanted(word, value)));
}

function isZero(value: unknown): boolean {
  return value === "" || value === 0 || JSON.stringify(value) === "{}";
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
