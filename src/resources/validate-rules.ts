import { type CelInput, type CelResult, celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { kubernetesFunctions } from "./cel-functions.ts";
import { celValue, readable } from "./cel-value.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { type Reads, readsAlike } from "./reads.ts";
import { culprit } from "./rule-culprit.ts";
import { codeOfRule, mendedValue, messageOf, remedyOf } from "./rule-words.ts";
import { isJsonObject, type Json, type Schema, type ValidationRule } from "./schema.ts";

/**
 * Checks an object, structurally valid and with defaults, against the CEL rules of its schema.
 *
 * A value that holds something already found wrong is not checked, nor is what contains it, since its rules would only
 * say the same again. What rules have read of values that kept them is remembered, since most values differ only in what
 * no rule reads, and rules are the slowest part of reading.
 *
 * @param broken paths of values already known to be wrong
 */
export function validateRules(value: Json, schema: Schema, broken: readonly FieldPath[]): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const inBroken = new Set(broken.flatMap((path) => path.map((_, index) => formatPath(path.slice(0, index + 1)))));
  if (broken.length > 0) inBroken.add("");
  visit(value, schema, [], inBroken, mistakes);
  return mistakes;
}

/**
 * Checks the transition rules (`self == oldSelf`) of a schema: what may not change once it is set.
 *
 * As in the API server they concern fields that both objects have; entries of a list are the same if its map keys are.
 */
export function validateTransition(value: Json, old: Json, schema: Schema): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  visitBoth(value, old, schema, [], mistakes);
  return mistakes;
}

function visit(value: Json, schema: Schema, path: FieldPath, broken: ReadonlySet<string>, mistakes: Mistake[]): void {
  if (!holdsRules(schema)) return;
  if (broken.size === 0 || !broken.has(formatPath(path))) {
    for (const found of verdicts(value, schema)) {
      const fix = found.fix?.map((change) => ({ ...change, path: [...path, ...change.path] }));
      mistakes.push({
        ...found,
        ...(fix !== undefined && { fix }),
        path: [...path, ...found.path],
        message: `${formatPath([...path, ...found.path])}: ${found.message}`,
      });
    }
  }
  if (Array.isArray(value)) {
    if (schema.items === undefined || !holdsRules(schema.items)) return;
    for (const [index, item] of value.entries()) visit(item, schema.items, [...path, index], broken, mistakes);
  } else if (isJsonObject(value)) {
    for (const [field, part] of Object.entries(value)) {
      const partSchema = fieldSchema(schema, field);
      if (partSchema !== undefined && holdsRules(partSchema))
        visit(part, partSchema, [...path, field], broken, mistakes);
    }
  }
}

function visitBoth(value: Json, old: Json, schema: Schema, path: FieldPath, mistakes: Mistake[]): void {
  if (!holdsRules(schema)) return;
  for (const rule of rulesOf(schema).onUpdate) {
    const holds = evaluate(rule.rule, { self: celValue(value, schema), oldSelf: celValue(old, schema) });
    if (!holds) mistakes.push(brokenRule(rule, path, value, `${formatPath(path)}: `));
  }
  if (Array.isArray(value) && Array.isArray(old) && schema.items !== undefined) {
    const keys = schema["x-kubernetes-list-type"] === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : [];
    if (keys.length === 0) return;
    const olds = new Map(old.map((item: Json) => [identity(item, keys), item]));
    for (const [index, item] of value.entries()) {
      const before = olds.get(identity(item, keys));
      if (before !== undefined) visitBoth(item, before, schema.items, [...path, index], mistakes);
    }
  } else if (isJsonObject(value) && isJsonObject(old)) {
    for (const [field, part] of Object.entries(value)) {
      const partSchema = fieldSchema(schema, field);
      const before = old[field];
      if (partSchema !== undefined && before !== undefined)
        visitBoth(part, before, partSchema, [...path, field], mistakes);
    }
  }
}

function identity(item: Json, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => (isJsonObject(item) ? item[key] : null)));
}

function fieldSchema({ properties, additionalProperties }: Schema, field: string): Schema | undefined {
  if (properties !== undefined && Object.hasOwn(properties, field)) return properties[field];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** By schema: what its rules read of values that kept all of them; the latest first. */
const kept = new WeakMap<Schema, readonly Reads[]>();
const mostRemembered = 16;

/** What the rules of one schema say of one value; paths are relative to it. */
function verdicts(value: Json, schema: Schema): readonly Mistake[] {
  const rules = rulesOf(schema).always;
  if (rules.length === 0) return [];
  const known = kept.get(schema) ?? [];
  if (known.some((reads) => readsAlike(value, reads))) return [];
  const self = readable(value, schema);
  const mistakes = judge(value, self.value, schema, rules);
  if (mistakes.length > 0) return mistakes;
  kept.set(schema, [self.reads, ...known.slice(0, mostRemembered - 1)]);
  return [];
}

function judge(value: Json, self: CelInput, schema: Schema, rules: readonly ValidationRule[]): readonly Mistake[] {
  const failed = rules.filter((rule) => !evaluate(rule.rule, { self }));
  // The rules of a union complain in pairs ("x must be set", "y must not be"): the first of them is enough.
  const isUnion = (rule: ValidationRule) => isJsonObject(value) && /\bself\.(type|mode|protocol)\b/.test(rule.rule);
  const firstOfUnion = failed.find(isUnion);
  return failed
    .filter((rule) => rule === firstOfUnion || !isUnion(rule))
    .map((rule) => {
      const path = culprit(rule, value, (part) => evaluate(rule.rule, { self: celValue(part, schema) }));
      return brokenRule(rule, path, valueAt(value, path), "");
    });
}

function brokenRule(rule: ValidationRule, path: FieldPath, value: Json | undefined, where: string): Mistake {
  const shown = typeof value === "object" || value === undefined ? "" : ` (it is ${JSON.stringify(value)})`;
  const better = typeof value === "string" ? mendedValue(rule, value) : undefined;
  return mistake(
    codeOfRule(rule),
    path,
    `${where}${messageOf(rule)}${shown}.`,
    remedyOf(rule),
    better === undefined ? [] : [{ kind: "set", path, value: better }],
  );
}

function valueAt(value: Json, path: FieldPath): Json | undefined {
  let current: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(current) && typeof step === "number") current = current[step];
    else current = isJsonObject(current) ? current[step] : undefined;
  }
  return current;
}

function isTransition({ rule }: ValidationRule): boolean {
  return /\boldSelf\b/.test(rule);
}

interface Rules {
  readonly always: readonly ValidationRule[];
  /** They compare with what was there before. */
  readonly onUpdate: readonly ValidationRule[];
}

const rulesBySchema = new WeakMap<Schema, Rules>();

function rulesOf(schema: Schema): Rules {
  const known = rulesBySchema.get(schema);
  if (known !== undefined) return known;
  const all = schema["x-kubernetes-validations"] ?? [];
  const rules = { always: all.filter((rule) => !isTransition(rule)), onUpdate: all.filter(isTransition) };
  rulesBySchema.set(schema, rules);
  return rules;
}

const withRules = new WeakMap<Schema, boolean>();

function holdsRules(schema: Schema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const { properties, items, additionalProperties } = schema;
  const parts = [
    ...Object.values<Schema>(properties ?? {}),
    ...(items === undefined ? [] : [items]),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
  ];
  const found = schema["x-kubernetes-validations"] !== undefined || parts.some(holdsRules);
  withRules.set(schema, found);
  return found;
}

type Evaluate = (bindings: Readonly<Record<string, CelInput>>) => CelResult;
const environment = celEnv({ funcs: [...strings, ...kubernetesFunctions] });
const plans = new Map<string, Evaluate>();

/** Compiles a rule the first time that it is needed. An error while it is evaluated is a rule that doesn't hold. */
function evaluate(rule: string, bindings: Readonly<Record<string, CelInput>>): boolean {
  let compiled = plans.get(rule);
  if (compiled === undefined) {
    compiled = plan(environment, parse(rule));
    plans.set(rule, compiled);
  }
  const result = compiled(bindings);
  return !isCelError(result) && result === true;
}
