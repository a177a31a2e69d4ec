import type { Finding } from "../../../src/resources/finding.ts";
import { type Kind, kindOf } from "../../../src/resources/kinds.ts";
import type { KubernetesObject } from "../../../src/resources/object.ts";
import { type FieldPath, formatPath, formatReference } from "../../../src/resources/origin.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/resources/schema.ts";
import { validateObject } from "../../../src/resources/validate-object.ts";
import { type Account, type Accounts, accountKey, distinguished, emptyAccount, enter, enterPair } from "./account.ts";
import type { Area, AreaDocument } from "./areas.ts";
import { replaced, type SetLeaf, setLeavesOf, valueAt, writtenSchema } from "./leaves.ts";
import { otherValues } from "./other-values.ts";
import { Stage } from "./stage.ts";

/** Sets every leaf of every object of the areas to something else, and keeps what that changed. */
export function keepAccounts(areas: readonly Area[]): Accounts {
  const accounts = new Map<string, Account>();
  for (const area of areas) {
    const world = { stage: stageOf(area), file: area.file };
    const settled = new Set<string>();
    const leaves = leavesIn(area);
    for (const trial of leaves) {
      const key = accountKey(trial.document.object.kind, trial.leaf.path);
      const account = accounts.get(key) ?? emptyAccount();
      accounts.set(key, account);
      // What is known from this world already is not asked again.
      if (settled.has(key)) continue;
      const alternatives = leaves.filter(
        ({ leaf, document }) =>
          accountKey(document.object.kind, leaf.path) === key &&
          leaf.value !== trial.leaf.value &&
          !isIdentity(leaf.at),
      );
      if (isSettled(world, trial, alternatives, account)) settled.add(key);
    }
    world.stage.finish();
  }
  return accounts;
}

/** What surrounds a name makes another object of it. */
function isIdentity(at: FieldPath): boolean {
  return at.length === 1 || (at.length === 2 && at[0] === "metadata");
}

/** A stage with all objects of an area. */
export function stageOf({ shared, documents }: Area): Stage {
  return new Stage([...shared, ...documents.map(({ object }) => object)]);
}

interface World {
  readonly stage: Stage;
  readonly file: string;
}

/** A leaf that a document sets. */
export interface Trial {
  readonly document: AreaDocument;
  readonly leaf: SetLeaf;
}

export function leavesIn({ documents, file }: Area): readonly Trial[] {
  return documents.flatMap((document) => {
    const kind = kindIn(document.value, file);
    return setLeavesOf(document.value, writtenSchema(kind, kind.versions[0])).map((leaf) => ({ document, leaf }));
  });
}

/** Tries one leaf of one document; true if there is nothing more to be learnt of such leaves in this world. */
function isSettled(world: World, trial: Trial, alternatives: readonly Trial[], account: Account): boolean {
  const refusals = world.stage
    .findings()
    .flat()
    .filter((finding) => refuses(finding, trial));
  for (const { code } of refusals) account.refused.add(code);
  if (refusals.length > 0) return true;
  const { enum: choices } = trial.leaf.schema;
  return choices === undefined
    ? tryValues(world, trial, alternatives, account)
    : tryChoices(world, trial, alternatives, account, choices);
}

function tryValues({ stage }: World, trial: Trial, alternatives: readonly Trial[], account: Account): boolean {
  const { document, leaf } = trial;
  const candidates = [
    ...otherValues(leaf.value, leaf.schema).map((other) => () => replaced(document.value, leaf.at, other)),
    () => withoutAll(trial),
    ...alternatives.map((alternative) => () => withSurroundings(trial, alternative)),
  ];
  for (const candidate of candidates) {
    const found = tryDocument(stage, trial, candidate(), account);
    // That a reference is missing says less than where requests go.
    if (found === true && account.configuration.size + account.infrastructure.size > 0) return true;
  }
  return false;
}

function tryChoices(
  { stage, file }: World,
  trial: Trial,
  alternatives: readonly Trial[],
  account: Account,
  choices: readonly unknown[],
): boolean {
  const { document, leaf } = trial;
  const isDone = () => choices.every((choice) => [...distinguished(account)].some((known) => known === choice));
  for (const other of otherValues(leaf.value, leaf.schema)) {
    if (other !== undefined && [leaf.value, other].every((value) => distinguished(account).has(value))) continue;
    const candidates = [
      () => replaced(document.value, leaf.at, other),
      ...alternatives.filter((it) => it.leaf.value === other).map((it) => () => withSurroundings(trial, it)),
    ];
    for (const candidate of candidates) {
      const found = tryDocument(stage, trial, candidate(), account);
      if (found === undefined) continue;
      if (other !== undefined) {
        const where = `at ${formatPath(leaf.at)} of ${nameOf(document.object)} in ${file}`;
        enterPair(account, [leaf.value, other], found, where);
      }
      break;
    }
  }
  return isDone();
}

/** Without the leaf, where what it stands in holds nothing else and can't be without it. */
function withoutAll({ document, leaf }: Trial): Json {
  const parent = leaf.at.slice(0, -1);
  const surroundings = valueAt(document.value, parent);
  const isAlone = isJsonObject(surroundings) && Object.keys(surroundings).length === 1;
  return replaced(document.value, isAlone ? parent : leaf.at, undefined);
}

/** A value that means nothing, or may not stand, by itself comes with all that it stands with elsewhere. */
function withSurroundings({ document, leaf }: Trial, other: Trial): Json {
  return replaced(document.value, leaf.at.slice(0, -1), valueAt(other.document.value, other.leaf.at.slice(0, -1)));
}

/** Undefined if the document is none that could be. */
function tryDocument(stage: Stage, { document, leaf }: Trial, changed: Json, account: Account): boolean | undefined {
  const { value, object: before } = document;
  const { object: after } = validateObject(changed);
  if (after === undefined || stage.isTaken({ before, after })) return undefined;
  const mistakes = differing(mistakesIn(value, before), mistakesIn(changed, before));
  return stage.differenceBy({ before, after }, (difference) => enter(account, difference, leaf.path, mistakes));
}

export function mistakesIn(value: Json, object: KubernetesObject): readonly Finding[] {
  const resource = referenceOf(object);
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

/** Codes of findings that say of a part of an object, or of all of it, that it is not served, whatever is in it. */
const refusalCodes: readonly string[] = ["not-supported", "kind-not-served"];

function refuses(finding: Finding, trial: Trial): boolean {
  return refusalCodes.includes(finding.code) && saysOf(finding, trial);
}

/** Whether a finding is about the leaf of a document, or what it stands in; about a name or kind is about all that is named. */
export function saysOf({ origin }: Finding, { document, leaf }: Trial): boolean {
  if (origin === undefined || formatReference(origin.resource) !== nameOf(document.object)) return false;
  const last = origin.path.at(-1);
  const path = last === "name" || last === "kind" ? origin.path.slice(0, -1) : origin.path;
  return path.every((step, index) => step === leaf.at[index]);
}

export function nameOf(object: KubernetesObject): string {
  return formatReference(referenceOf(object));
}

function referenceOf({ kind, metadata: { name, namespace } }: KubernetesObject) {
  return { group: "", kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function kindIn({ apiVersion, kind }: JsonObject, file: string): Kind {
  const found = typeof apiVersion === "string" && typeof kind === "string" ? kindOf(apiVersion, kind) : undefined;
  if (found === undefined) throw new Error(`${file}: ${JSON.stringify(kind)} is no kind of ours`);
  return found;
}
