/** A time as Leases and Events have it, with microseconds. */
export function microTime(time = new Date()): string {
  return time.toISOString().replace(/Z$/, "000Z");
}
