/** `metadata.generation` and time are added where the status of an object is put together. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function isTrue(type: string, reason: string, message: string): Condition {
  return { type, status: "True", reason, message: bounded(message) };
}

export function isFalse(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message: bounded(message) };
}

export function isUnknown(type: string, reason: string, message: string): Condition {
  return { type, status: "Unknown", reason, message: bounded(message) };
}

/** An API server refuses a status with a message over 32,768 characters, and a person reads no more than the first thousands. */
const longest = 8_192;

/** Who makes a thousand mistakes is told the first of them. */
function bounded(message: string): string {
  return message.length <= longest ? message : `${message.slice(0, longest)}… (and ${message.length - longest} more)`;
}
