import type { Part, Parts, Substitution } from "../envoy/resource.ts";
import { split } from "./suspects.ts";

/** What a search comes to: which parts Envoy refuses, with what stands in for each and Envoy's words. */
export interface Found {
  readonly substitutions: ReadonlyMap<string, Substitution>;
  readonly messages: ReadonlyMap<string, string>;
  /** What holds the parts together is refused, or no part is refused by itself. */
  readonly whole: boolean;
}

type Group = readonly string[];

/**
 * Finds the parts of a resource that Envoy refuses, by probes: the frame alone, then halves, and halves of those that are
 * refused. Then the same for what stands in for them.
 *
 * @example
 * for (let probe = search.next(); probe !== undefined; probe = search.next()) search.answered(whatEnvoySays(probe));
 * search.found
 */
export class Search {
  readonly #messages = new Map<string, string>();
  readonly #substitutions = new Map<string, Substitution>();
  #level: Substitution = 0;
  #groups: Group[];
  #refused: string[] = [];
  #asked: Group | undefined;
  #whole = false;
  #done = false;

  /** @param known parts that are known to be refused, with what stands in for them */
  constructor(parts: readonly Part[], known: ReadonlyMap<string, Substitution>) {
    const suspects = [...new Set(parts.map(({ id }) => id))].filter((id) => (known.get(id) ?? 0) === 0);
    // The frame by itself, and then all: should that be taken, it is no part's fault.
    this.#groups = [[], suspects];
  }

  /** Which parts to probe next, and in which form; undefined when all is found. */
  next(): ReadonlyMap<string, Substitution> | undefined {
    while (!this.#done) {
      this.#asked = this.#groups.shift();
      if (this.#asked !== undefined) return new Map(this.#asked.map((id) => [id, this.#level]));
      this.#finishLevel();
    }
    return undefined;
  }

  /** @param refusal Envoy's words, if it refused what was asked last */
  answered(refusal: string | undefined): void {
    const asked = this.#asked ?? [];
    if (refusal === undefined) return;
    if (asked.length === 0) {
      this.#whole = true;
      this.#done = true;
    } else if (asked.length === 1) {
      for (const id of asked) {
        this.#refused.push(id);
        if (!this.#messages.has(id)) this.#messages.set(id, refusal);
      }
    } else this.#groups.push(...split(asked, refusal).filter((group) => group.length > 0));
  }

  get found(): Found {
    return { substitutions: this.#substitutions, messages: this.#messages, whole: this.#whole };
  }

  #finishLevel(): void {
    if (this.#level === 0 && this.#refused.length === 0) this.#whole = true;
    const level: Substitution = this.#level === 0 ? 1 : 2;
    for (const id of this.#refused) this.#substitutions.set(id, level);
    this.#done = this.#refused.length === 0 || level === 2;
    this.#groups = [this.#refused];
    this.#refused = [];
    this.#level = level;
  }
}

/** Of the substitutions, those of parts that a resource has. */
export function present(
  { all }: Parts,
  substitutions: ReadonlyMap<string, Substitution>,
): ReadonlyMap<string, Substitution> {
  return new Map(
    all.flatMap(({ id }): readonly (readonly [string, Substitution])[] => {
      const by = substitutions.get(id);
      return by === undefined ? [] : [[id, by]];
    }),
  );
}
