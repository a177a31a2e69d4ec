import { negativeConditions } from "./problems.ts";

/** What a person who describes an object should read in its events. */
export interface StatusEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Type of the condition. */
  readonly action: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Reasons that are about what has not happened yet: telling them would be noise at every start. */
const passing: ReadonlySet<string> = new Set(["AddressNotAssigned", "NotAssigned", "Pending"]);

/**
 * The events of a status that is replaced by another: what went wrong, what is well again, and that a Gateway serves.
 *
 * @param isOurs of entries in `parents` and `ancestors`
 */
export function statusEvents(
  before: unknown,
  after: unknown,
  isOurs: (entry: Json) => boolean,
): readonly StatusEvent[] {
  const known = conditionsOf(before, isOurs);
  return [...conditionsOf(after, isOurs)].flatMap(([place, condition]): readonly StatusEvent[] => {
    const { type, status, reason, message } = condition;
    const previous = known.get(place);
    if (previous?.status === status && previous.reason === reason) return [];
    const event = { reason, message, action: type };
    if (isBad(condition)) return passing.has(reason) ? [] : [{ ...event, type: "Warning" }];
    const serves = place === "Programmed" && status === "True";
    const isWellAgain =
      previous !== undefined && isBad(previous) && !passing.has(previous.reason) && status !== "Unknown";
    return serves || isWellAgain ? [{ ...event, type: "Normal" }] : [];
  });
}

function isBad({ type, status }: Condition): boolean {
  return status === (negativeConditions.has(type) ? "True" : "False");
}

/** All conditions of a status, by where they stand in it. */
function conditionsOf(status: unknown, isOurs: (entry: Json) => boolean): ReadonlyMap<string, Condition> {
  const found = new Map<string, Condition>();
  const add = (place: string, holder: Json): void => {
    for (const condition of listOf(holder["conditions"])) {
      if (isCondition(condition)) found.set(`${place}${condition.type}`, condition);
    }
  };
  if (!isJson(status)) return found;
  add("", status);
  for (const listener of listOf(status["listeners"])) add(`listeners/${String(listener["name"])}/`, listener);
  for (const field of ["parents", "ancestors"]) {
    for (const entry of listOf(status[field])) {
      if (isOurs(entry)) add(`${field}/${JSON.stringify(entry["parentRef"] ?? entry["ancestorRef"])}/`, entry);
    }
  }
  return found;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCondition(value: Json): value is Json & Condition {
  return ["type", "status", "reason", "message"].every((field) => typeof value[field] === "string");
}
