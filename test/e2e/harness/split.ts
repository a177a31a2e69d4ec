import { ok } from "node:assert/strict";

/** How often each name came. */
export type Counts = Readonly<Record<string, number>>;

/** Counts names. */
export function countNames(names: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Asks `count` times, sixteen at once, and counts the answers. */
export async function countAnswers(count: number, ask: () => Promise<string>): Promise<Counts> {
  const answers: string[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) answers.push(await ask());
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return countNames(answers);
}

/**
 * Asserts that answers come in the given shares, within 3 standard deviations of a binomial distribution.
 *
 * A correct split fails that once in 370 times, so a miss is measured once more with four times as many requests: chance
 * won't strike twice, and a wrong share is then all the clearer.
 *
 * @param sample sends that many requests and counts who answered
 */
export async function assertShares(
  shares: Readonly<Record<string, number>>,
  sample: (count: number) => Promise<Counts>,
  count = 1000,
): Promise<void> {
  const misses = missed(shares, await sample(count), count);
  if (misses.length === 0) return;
  const again = missed(shares, await sample(count * 4), count * 4);
  ok(again.length === 0, [...misses, ...again].join("\n"));
}

/**
 * {@link assertShares} of the answers to one question.
 *
 * @example await assertSplit({ v1: 0.9, v2: 0.1 }, async () => (await client.send({ host })).echo().service)
 */
export async function assertSplit(shares: Readonly<Record<string, number>>, ask: () => Promise<string>): Promise<void> {
  await assertShares(shares, (count) => countAnswers(count, ask));
}

function missed(shares: Readonly<Record<string, number>>, counts: Counts, count: number): readonly string[] {
  const names = new Set([...Object.keys(shares), ...Object.keys(counts)]);
  return [...names].flatMap((name) => {
    const share = shares[name] ?? 0;
    const seen = counts[name] ?? 0;
    const bound = 3 * Math.sqrt(count * share * (1 - share));
    if (Math.abs(seen - count * share) <= bound) return [];
    return [`${name}: ${seen} of ${count}, expected ${count * share} ± ${bound.toFixed(1)}`];
  });
}
