/** At once without being a burden to an API server, which queues what one client asks for. */
const atOnce = 10;

/** What each gives, in their order, some at a time. Rejects as the first that rejects. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const [index, item] of entries) results[index] = await work(item);
    }),
  );
  return results;
}
