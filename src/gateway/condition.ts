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

/** Conditions that were made last, by what they say. Thousands of routes say the same, and share them. */
const recent = new Map<string, Condition>();
const mostRecent = 32;

function once(condition: Condition): Condition {
  const { type, status, reason, message } = condition;
  const said = `${type} ${status} ${reason} ${message}`;
  const kept = recent.get(said) ?? condition;
  recent.delete(said);
  recent.set(said, kept);
  for (const oldest of recent.keys()) {
    if (recent.size <= mostRecent) break;
    recent.delete(oldest);
  }
  return kept;
}

/** An API server refuses a status with a message over 32,768 characters, and a person reads no more than the first thousands. */
const longest = 8_192;

/** Who makes a thousand mistakes is told the first of them. */
function bounded(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}… (and ${message.length - longest} more)`;
}
