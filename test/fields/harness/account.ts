import type { Finding } from "../../../src/resources/finding.ts";
import { type Kind, kindOf } from "../../../src/resources/kinds.ts";
import type { KubernetesObject } from "../../../src/resources/object.ts";
import { type FieldPath, formatPath, formatReference } from "../../../src/resources/origin.ts";
import type { Json, JsonObject } from "../../../src/resources/schema.ts";
import { validateObject } from "../../../src/resources/validate-object.ts";
import type { Area, AreaDocument } from "./areas.ts";
import { replaced, type SetLeaf, setLeavesOf, writtenSchema } from "./leaves.ts";
import { otherValues } from "./other-values.ts";
import { type Difference, Stage } from "./stage.ts";

/** What setting a field to something else did, in any of the worlds. */
export interface Account {
  /** Types of Envoy resources. */
  readonly configuration: Set<string>;
  /** Kinds of objects that a Gateway is given in a cluster. */
  readonly infrastructure: Set<string>;
  /** Kinds whose status differs. */
  readonly status: Set<string>;
  /** Codes of findings that name it. */
  readonly findings: Set<string>;
  /** Codes of findings that refuse the part in which it stands. */
  readonly refused: Set<string>;
  /** Values of its list that made a difference to another one. */
  readonly values: Set<Json>;
  /** Pairs of values of its list between which there was none, and where. */
  readonly indifferent: Set<string>;
}

/** By {@link accountKey}. */
export type Accounts = ReadonlyMap<string, Account>;

/** @example accountKey("HTTPRoute", "spec.hostnames[]")  // "HTTPRoute spec.hostnames[]" */
export function accountKey(kind: string, path: string): string {
  return `${kind} ${path}`;
}

/** Sets every leaf of every object of the areas to something else, and keeps what that changed. */
export function keepAccounts(areas: readonly Area[]): Accounts {
  const accounts = new Map<string, Account>();
  for (const area of areas) accountFor(area, accounts);
  return accounts;
}

function accountFor({ file, documents, shared }: Area, accounts: Map<string, Account>): void {
  const stage = new Stage([...shared, ...documents.map(({ object }) => object)]);
  const trials = documents.flatMap((document) => {
    const kind = kindIn(document.value, file);
    return setLeavesOf(document.value, writtenSchema(kind, kind.versions[0])).map((leaf) => ({ document, leaf }));
  });
  const said = stage.findings();
  const settled = new Set<string>();
  for (const { document, leaf } of trials) {
    const key = accountKey(document.object.kind, leaf.path);
    const account = accounts.get(key) ?? emptyAccount();
    accounts.set(key, account);
    // What is known from this world already is not asked again.
    if (settled.has(key)) continue;
    const others = trials.flatMap((trial) =>
      trial.leaf.path === leaf.path && trial.document.object.kind === document.object.kind
        ? [{ value: trial.leaf.value, parent: parentOf(trial) }]
        : [],
    );
    if (tryLeaf(stage, document, leaf, others, said, account, file)) settled.add(key);
  }
}

interface Occurrence {
  readonly value: Json;
  /** What the leaf stands in. */
  readonly parent: Json;
}

function parentOf({ document, leaf }: { readonly document: AreaDocument; readonly leaf: SetLeaf }): Json {
  return leaf.at.slice(0, -1).reduce<Json>((value, step) => {
    const inner: unknown =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name === String(step))?.[1]
        : undefined;
    return isJson(inner) ? inner : null;
  }, document.value);
}

function isJson(value: unknown): value is Json {
  return value !== undefined;
}

function tryLeaf(
  stage: Stage,
  { value, object }: AreaDocument,
  leaf: SetLeaf,
  occurrences: readonly Occurrence[],
  said: readonly Finding[],
  account: Account,
  file: string,
): boolean {
  const own = said.filter(({ origin }) => origin !== undefined && formatReference(origin.resource) === nameOf(object));
  const refusals = own.filter((finding) => refusesPartOf(finding, leaf.at));
  for (const { code } of refusals) account.refused.add(code);
  if (refusals.length > 0) return true;
  const { enum: choices } = leaf.schema;
  const isChoice = choices !== undefined;
  const before = mistakesIn(value, object);
  /** Undefined if the value may not stand there. */
  const difference = (changed: Json): boolean | undefined => {
    const { object: after } = validateObject(changed);
    if (after === undefined) return undefined;
    const told = differing(before, mistakesIn(changed, object));
    return stage.differenceBy({ before: object, after }, (it) => enter(account, it, leaf.path, told));
  };
  for (const other of otherValues(leaf.value, leaf.schema)) {
    if (other !== undefined && account.values.has(leaf.value) && account.values.has(other)) continue;
    const found =
      difference(replaced(value, leaf.at, other)) ??
      firstDefined(exchanged(other, leaf, occurrences, isChoice), (parent) =>
        difference(replaced(value, leaf.at.slice(0, -1), parent)),
      );
    if (found === undefined) continue;
    // That a reference is missing says less than where requests go.
    if (!isChoice && found && account.configuration.size + account.infrastructure.size > 0) return true;
    if (isChoice && found) {
      account.values.add(leaf.value);
      if (other !== undefined) account.values.add(other);
    }
    if (isChoice && !found && other !== undefined) {
      const where = `at ${formatPath(leaf.at)} of ${nameOf(object)} in ${file}`;
      account.indifferent.add(`${JSON.stringify(leaf.value)} and ${JSON.stringify(other)} are the same ${where}`);
    }
  }
  return isChoice && choices.every((choice) => [...account.values].some((known) => known === choice));
}

function firstDefined<Value, Result>(
  values: readonly Value[],
  ask: (value: Value) => Result | undefined,
): Result | undefined {
  for (const value of values) {
    const result = ask(value);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** A value that can't stand by itself comes with all that it stands with elsewhere. */
function exchanged(
  other: Json | undefined,
  { value }: SetLeaf,
  occurrences: readonly Occurrence[],
  isChoice: boolean,
): readonly Json[] {
  if (other === undefined) return [];
  return occurrences
    .filter((occurrence) => (isChoice ? occurrence.value === other : occurrence.value !== value))
    .map(({ parent }) => parent);
}

function mistakesIn(value: Json, { kind, metadata: { name, namespace } }: KubernetesObject): readonly Finding[] {
  const resource = { group: "", kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return validateObject(value).mistakes.map(({ severity, code, message, path }) => ({
    severity,
    code,
    message,
    origin: { resource, path },
  }));
}

function differing(before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  const only = (list: readonly Finding[], others: readonly Finding[]) =>
    list.filter(({ message }) => !others.some((other) => other.message === message));
  return [...only(before, after), ...only(after, before)];
}

function enter(account: Account, difference: Difference, path: string, mistakes: readonly Finding[]): boolean {
  const parts = ["configuration", "infrastructure", "status"] as const;
  for (const part of parts) for (const name of difference[part]) account[part].add(name);
  if (parts.some((part) => difference[part].size > 0)) return true;
  const naming = [...mistakes, ...difference.findings()].filter((finding) => names(finding, path));
  for (const { code } of naming) account.findings.add(code);
  return naming.length > 0;
}

/** Whether a finding is about a field: it is where the finding is, or the message says its name. */
function names({ message, origin }: Finding, path: string): boolean {
  if (origin !== undefined && patternOf(origin.path) === path) return true;
  const name =
    path
      .split(".")
      .findLast((step) => step !== "*")
      ?.replaceAll("[]", "") ?? path;
  return new RegExp(`(^|[^A-Za-z])${name}([^A-Za-z]|$)`).test(message);
}

function patternOf(path: FieldPath): string {
  return formatPath(path).replaceAll(/\[[0-9]+\]/g, "[]");
}

/** Codes of findings that say of a part of an object, or of all of it, that it is not served, whatever is in it. */
const refusalCodes: readonly string[] = ["not-supported", "kind-not-served"];

function refusesPartOf({ code, origin }: Finding, at: FieldPath): boolean {
  return refusalCodes.includes(code) && origin?.path.every((step, index) => step === at[index]) === true;
}

function nameOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return formatReference({ group: "", kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

function kindIn(value: JsonObject, file: string): Kind {
  const { apiVersion, kind } = value;
  const found = typeof apiVersion === "string" && typeof kind === "string" ? kindOf(apiVersion, kind) : undefined;
  if (found === undefined) throw new Error(`${file}: ${JSON.stringify(kind)} is no kind of ours`);
  return found;
}

function emptyAccount(): Account {
  return {
    configuration: new Set(),
    infrastructure: new Set(),
    status: new Set(),
    findings: new Set(),
    refused: new Set(),
    values: new Set(),
    indifferent: new Set(),
  };
}
