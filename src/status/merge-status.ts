import { deepEqual } from "../collections/equal.ts";
import { controllerName } from "../gateway/class.ts";
import { mostAncestors } from "./policy-status.ts";

type Json = Readonly<Record<string, unknown>>;

/** The types of conditions that are Gatewright's to write, and to take away; others' are left as they are. */
const ownTypes: ReadonlySet<string> = new Set([
  "Accepted",
  "AddressesAssigned",
  "Conflicted",
  "DefaultGateway",
  "InsecureFrontendValidationMode",
  "OverlappingTLSConfig",
  "PartiallyInvalid",
  "Programmed",
  "ResolvedRefs",
  "SupportedVersion",
]);
const ownPrefix = "gatewright.dev/";

/** Lists whose entries belong to controllers, each with its name in `controllerName`. */
const shared = ["parents", "ancestors"];
/** How many parents the API takes. */
const mostParents = 32;

/**
 * The status to be written to an object of a kind that has `live`, so that our part of it says `desired`.
 *
 * Gateway API: entries of `parents` and `ancestors` with another controllerName, and conditions of types that are not ours,
 * stay as they are. A condition's lastTransitionTime moves only with its `status`. Of ancestors, as many of ours are written
 * as find room beside others'.
 *
 * @returns undefined if nothing differs
 */
export function mergeStatus(kind: string, live: unknown, desired: object, now: Date): Json | undefined {
  const before = jsonOf(live);
  const after: Record<string, unknown> = { ...before };
  const time = `${now.toISOString().slice(0, 19)}Z`;
  for (const [field, value] of Object.entries(desired)) {
    const limit = field === "parents" ? mostParents : mostAncestors(kind);
    if (shared.includes(field)) after[field] = mergeShared(listOf(before[field]), listOf(value), limit, time);
    else if (field === "conditions") after[field] = mergeConditions(listOf(before[field]), listOf(value), time);
    else if (field === "listeners") after[field] = mergeListeners(listOf(before[field]), listOf(value), time);
    else after[field] = value;
  }
  return deepEqual(comparable(before), comparable(after)) ? undefined : after;
}

function mergeConditions(before: readonly Json[], desired: readonly Json[], time: string): readonly Json[] {
  const isOwnCondition = ({ type }: Json) => typeof type !== "string" || isOwn(type);
  return inPlace(
    before,
    desired,
    isOwnCondition,
    (known, { type }) => known["type"] === type,
    (known, condition) => {
      const unmoved = known !== undefined && known["status"] === condition["status"];
      return { ...condition, lastTransitionTime: unmoved ? known["lastTransitionTime"] : time };
    },
  );
}

/**
 * The list with what is desired in place of what is ours. What is known stays where it stands, and what is new comes last: another
 * controller that writes the list may have an order of its own, and two that each put theirs first would write for ever.
 */
function inPlace(
  before: readonly Json[],
  desired: readonly Json[],
  isOurs: (entry: Json) => boolean,
  isSame: (known: Json, entry: Json) => boolean,
  merge: (known: Json | undefined, entry: Json) => Json,
): readonly Json[] {
  const left = new Set(desired);
  const kept = before.flatMap((known) => {
    if (!isOurs(known)) return [known];
    const entry = [...left].find((candidate) => isSame(known, candidate));
    if (entry === undefined) return [];
    left.delete(entry);
    return [merge(known, entry)];
  });
  return [...kept, ...[...left].map((entry) => merge(undefined, entry))];
}

function isOwn(type: string): boolean {
  return ownTypes.has(type) || type.startsWith(ownPrefix);
}

function mergeListeners(before: readonly Json[], desired: readonly Json[], time: string): readonly Json[] {
  return desired.map((listener) => {
    const known = before.find(({ name }) => name === listener["name"]);
    return {
      ...listener,
      conditions: mergeConditions(listOf(known?.["conditions"]), listOf(listener["conditions"]), time),
    };
  });
}

function mergeShared(before: readonly Json[], desired: readonly Json[], limit: number, time: string): readonly Json[] {
  const foreign = before.filter((entry) => entry["controllerName"] !== controllerName);
  const wanted = desired.slice(0, Math.max(0, limit - foreign.length));
  const isOurs = (entry: Json) => entry["controllerName"] === controllerName;
  return inPlace(before, wanted, isOurs, sameReference, (known, entry) => ({
    ...entry,
    conditions: mergeConditions(listOf(known?.["conditions"]), listOf(entry["conditions"]), time),
  }));
}

function sameReference(left: Json, right: Json): boolean {
  return (["parentRef", "ancestorRef"] as const).every((field) =>
    deepEqual(referenceOf(left[field]), referenceOf(right[field])),
  );
}

/** With the defaults that the API server fills in. */
function referenceOf(value: unknown): Json {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", ...jsonOf(value) };
}

/** Absent and empty are the same to the API server; and so are absent and undefined. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, inner]) => {
      const isEmpty = inner === undefined || (Array.isArray(inner) && inner.length === 0);
      // Zero is left out of what a Go type sends with `omitempty`.
      if (isEmpty || (field === "attachedListenerSets" && inner === 0)) return [];
      return [[field, comparable(field.endsWith("Ref") ? referenceOf(inner) : inner)]];
    }),
  );
}

function jsonOf(value: unknown): Json {
  return isJson(value) ? value : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
