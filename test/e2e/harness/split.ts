import { ok } from "node:assert/strict";
import type { TestContext } from "node:test";

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
 * Envoy picks by a random number of each request's own, so that a correct split of two fails one such measurement in 370.
 * Only then a second one is made, of four times as many other requests, and it alone decides, by the same bound: a wrong
 * share is all the clearer in it, and a correct one fails both once in 137,000. Everything measured is printed.
 *
 * What changed must be in force before the measurement: nobody may repeat it until it fits.
 *
 * @param sample sends that many requests and counts who answered
 */
export async function assertShares(
  t: TestContext,
  shares: Readonly<Record<string, number>>,
  sample: (count: number) => Promise<Counts>,
): Promise<void> {
  const first = measured(shares, await sample(SAMPLE), SAMPLE);
  t.diagnostic(first.text);
  if (first.fits) return;
  const second = measured(shares, await sample(SAMPLE * 4), SAMPLE * 4);
  t.diagnostic(second.text);
  ok(second.fits, `${first.text}; ${second.text}`);
}

/**
 * {@link assertShares} of the answers to one question.
 *
 * @example await assertSplit(t, { v1: 0.9, v2: 0.1 }, async () => (await client.send({ host })).echo().service)
 */
export async function assertSplit(
  t: TestContext,
  shares: Readonly<Record<string, number>>,
  ask: () => Promise<string>,
): Promise<void> {
  await assertShares(t, shares, (count) => countAnswers(count, ask));
}

const SAMPLE = 2000;

function measured(
  shares: Readonly<Record<string, number>>,
  counts: Counts,
  count: number,
): { readonly fits: boolean; readonly text: string } {
  const names = [...new Set([...Object.keys(shares), ...Object.keys(counts)])];
  const results = names.map((name) => {
    const share = shares[name] ?? 0;
    const seen = counts[name] ?? 0;
    const bound = 3 * Math.sqrt(count * share * (1 - share));
    const expected = count * share;
    const fits = Math.abs(seen - expected) <= bound;
    return { fits, text: `${name} ${seen} (${expected.toFixed(0)} ± ${bound.toFixed(1)}${fits ? "" : ", outside"})` };
  });
  return {
    fits: results.every(({ fits }) => fits),
    text: `of ${count}: ${results.map(({ text }) => text).join(", ")}`,
  };
}
