import fc from "fast-check";
import { type History, histories, historyYaml } from "./events.ts";
import { minimise } from "./minimise.ts";
import type { Stage } from "./stage.ts";

/** A world that breaks a rule, as small as it could be made. */
export interface Found {
  readonly yaml: string;
  readonly message: string;
}

/**
 * Tries arbitrary worlds.
 *
 * @param attempt throws what is wrong with one
 * @returns undefined if nothing was found
 */
export async function search(
  { generator, beginning }: Stage,
  attempt: (history: History) => Promise<void>,
  { seed, numRuns }: { readonly seed: number; readonly numRuns: number },
): Promise<Found | undefined> {
  const worlds = histories(generator, beginning);
  // It is made smaller by ourselves, document by document: a generator can't shrink what people wrote.
  const { failed, counterexample } = await fc.check(fc.asyncProperty(worlds, attempt), {
    seed,
    numRuns,
    endOnFailure: true,
  });
  if (!failed) return undefined;
  const least = await minimise(counterexample?.[0] ?? [], async (history) => (await wrongness(history)) !== undefined);
  return {
    yaml: historyYaml(least),
    message: `seed ${seed}: ${(await wrongness(least)) ?? "not the second time"}`,
  };

  async function wrongness(history: History): Promise<string | undefined> {
    try {
      await attempt(history);
      return undefined;
    } catch (error) {
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }
}
