/** `metadata.generation` and time are added where the status of an object is put together. */
export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function isTrue(type: string, reason: string, message: string): Condition {
  return { type, status: "True", reason, message };
}

export function isFalse(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message };
}

export function isUnknown(type: string, reason: string, message: string): Condition {
  return { type, status: "Unknown", reason, message };
}
