/** `metadata.generation` and time are added where the status of an object is put together. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function isTrue(type: string, reason: string, message: string): Condition {
  return once({ type, status: "True", reason, message: bounded(message) });
}

export function isFalse(type: string, reason: string, message: string): Condition {
  return once({ type, status: "False", reason, message: bounded(message) });
}

export function isUnknown(type: string, reason: string, message: string): Condition {
  return once({ type, status: "Unknown", reason, message: bounded(message) });
}

/** The last condition of each type and status. Thousands of routes say the same, mostly one after the other: they share one. */
const last = new Map<string, Condition>();

function once(condition: Condition): Condition {
  const key = `${condition.type} ${condition.status}`;
  const known = last.get(key);
  if (known?.reason === condition.reason && known.message === condition.message) return known;
  last.set(key, condition);
  return condition;
}

/** An API server refuses a status with a message over 32,768 characters, and a person reads no more than the first thousands. */
const longest = 8_192;

/** Who makes a thousand mistakes is told the first of them. */
function bounded(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}… (and ${message.length - longest} more)`;
}
