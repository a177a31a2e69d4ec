/** Works on every item, on so many at once, in their order. Ends with the first error, once what was begun has ended. */
export async function inParallel<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const errors: unknown[] = [];
  const next = async (): Promise<void> => {
    for (;;) {
      const { done, value } = iterator.next();
      if (done === true || errors.length > 0) return;
      await work(value).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, next));
  if (errors.length > 0) throw errors[0];
}
