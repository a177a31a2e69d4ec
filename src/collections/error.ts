/** A function given to a graph threw. `cause` is what it threw. */
export class CollectionError extends Error {
  /** Absent for an observer of commits. */
  readonly collection: string | undefined;
  /** The key it was called for; absent for a subscriber. */
  readonly key: string | undefined;

  constructor(collection: string | undefined, key: string | undefined, cause: unknown) {
    super(`${placeOf(collection, key)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "CollectionError";
    this.collection = collection;
    this.key = key;
  }
}

function placeOf(collection: string | undefined, key: string | undefined): string {
  if (collection === undefined) return "observer of commits";
  return key === undefined ? `subscriber of "${collection}"` : `"${collection}" for key "${key}"`;
}
