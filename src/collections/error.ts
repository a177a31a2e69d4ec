/** A function given to a collection threw. `cause` is what it threw. */
export class CollectionError extends Error {
  readonly collection: string;
  /** The key it was called for; absent for a subscriber. */
  readonly key: string | undefined;

  constructor(collection: string, key: string | undefined, cause: unknown) {
    const place = key === undefined ? `collection "${collection}"` : `collection "${collection}", key "${key}"`;
    super(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "CollectionError";
    this.collection = collection;
    this.key = key;
  }
}
