import fc from "fast-check";
import { readGoldens } from "../../src/gateway/testing/golden.ts";
import { isJsonObject, type Json, type JsonObject, jsonCopy } from "../../src/resources/schema.ts";

/** Documents of the golden files by kind: people wrote them, so they mean something together. */
export type Corpus = ReadonlyMap<string, readonly JsonObject[]>;

export async function readCorpus(): Promise<Corpus> {
  const found = new Map<string, JsonObject[]>();
  for (const { objects } of await readGoldens()) {
    for (const object of objects) {
      const document = jsonCopy(object);
      // Most of them are about one class alone, that which everything depends on.
      if (isJsonObject(document) && object.kind !== "GatewayClass")
        found.set(object.kind, [...(found.get(object.kind) ?? []), document]);
    }
  }
  return found;
}

/** A document of the corpus, as it is or with parts of one that was generated; one that was generated where there is none. */
export function crossed(corpus: Corpus, kind: string, generated: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  const known = corpus.get(kind) ?? [];
  if (known.length === 0) return generated;
  const written = fc.constantFrom(...known);
  const mixed = fc.tuple(written, generated, fc.nat()).map(([one, other, seed]) => {
    const random = randomBits(seed);
    return {
      ...one,
      ...Object.fromEntries(
        Object.entries(other)
          .filter(([name]) => name !== "metadata")
          .map(([name, value]) => [name, mix(one[name], value, random)]),
      ),
    };
  });
  return fc.oneof(
    { weight: 1, arbitrary: written },
    { weight: 3, arbitrary: mixed },
    { weight: 2, arbitrary: generated },
  );
}

/** Of two values one, or of each of their parts one. */
function mix(one: Json | undefined, other: Json, random: () => number): Json {
  if (one === undefined) return other;
  if (isJsonObject(one) && isJsonObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return Object.fromEntries(
      [...names].flatMap((name) => {
        const [left, right] = [one[name], other[name]];
        if (left === undefined) return random() < 0.3 && right !== undefined ? [[name, right]] : [];
        return right === undefined ? [[name, left]] : [[name, mix(left, right, random)]];
      }),
    );
  }
  if (Array.isArray(one) && Array.isArray(other) && random() < 0.7) {
    const [longer, shorter] = one.length > other.length ? [one, other] : [other, one];
    return longer.map((value: Json, index) => {
      const partner: Json | undefined = shorter[index];
      return partner === undefined ? value : mix(value, partner, random);
    });
  }
  return random() < 0.75 ? one : other;
}

/** Park and Miller's generator: the same numbers for the same seed. */
function randomBits(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
