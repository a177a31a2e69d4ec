import fc from "fast-check";
import { parseAllDocuments, stringify } from "yaml";
import { keyOf } from "../../src/resources/object.ts";
import { isJsonObject, type Json, type JsonObject, jsonCopy } from "../../src/resources/schema.ts";
import { admit } from "./admit.ts";
import type { Generator } from "./generate.ts";
import { prune, type ValidDocument } from "./prune.ts";
import { type Event, identityOf } from "./world.ts";

/** What is generated: a document that comes, or an object that goes, told by its place among those that are there. */
type Step = { readonly document: JsonObject } | { readonly goes: number };

/** A history: batches of documents that come, each valid, and of objects that go. */
export type History = readonly (readonly HistoryEvent[])[];

export type HistoryEvent = Event & { readonly document: JsonObject };

/** Documents come and go in batches, in a world that begins with some. */
export function histories(generator: Generator, beginning: readonly ValidDocument[]): fc.Arbitrary<History> {
  const comes = generator.document().map((document): Step => ({ document }));
  const goes = fc.nat({ max: 15 }).map((place): Step => ({ goes: place }));
  const batch = fc.array(fc.oneof({ weight: 5, arbitrary: comes }, { weight: 1, arbitrary: goes }), {
    minLength: 1,
    maxLength: 6,
  });
  return fc.array(batch, { minLength: 3, maxLength: 8, size: "max" }).map((batches) => {
    const first = beginning.map(({ document, object }): HistoryEvent => ({ document, object, gone: false }));
    const there = new Map(first.map((event) => [identityOf(event.object), event]));
    const rest = batches.map((steps) => steps.flatMap((step) => eventOf(step, there)));
    return [first, ...rest];
  });
}

function eventOf(step: Step, there: Map<string, HistoryEvent>): readonly HistoryEvent[] {
  if ("goes" in step) {
    // The youngest first: without the class and the Gateway of the beginning nothing is served, so they go seldom.
    const event = [...there.values()].toReversed()[step.goes];
    if (event === undefined) return [];
    there.delete(identityOf(event.object));
    return [{ ...event, gone: true }];
  }
  const valid = prune(step.document);
  if (valid === undefined) return [];
  const event: HistoryEvent = { ...valid, gone: false };
  there.set(identityOf(event.object), event);
  return [event];
}

/** The same world, without how it came to be. */
export function ofEnd(history: History): History {
  const there = new Map<string, HistoryEvent>();
  for (const event of history.flat()) {
    if (event.gone) there.delete(identityOf(event.object));
    else there.set(identityOf(event.object), event);
  }
  return [[...there.values()]];
}

/** As YAML: one document for each object that comes, `gone: Kind/namespace/name` for one that goes. A history without those can be served. */
export function historyYaml(history: History): string {
  return history
    .flatMap((batch, index) =>
      batch.map(
        ({ document, object, gone }) =>
          `# batch ${index}\n${stringify(gone ? { gone: `${object.kind}/${keyOf(object)}` } : document, { lineWidth: 0 })}`,
      ),
    )
    .join("---\n");
}

/** Reads {@link historyYaml}; every document is a batch of its own. */
export function readHistory(text: string): History {
  const there = new Map<string, HistoryEvent>();
  return parseAllDocuments(text).map((parsed) => {
    const document: Json = jsonCopy(parsed.toJS());
    if (!isJsonObject(document)) throw new Error(`no object: ${JSON.stringify(document)}`);
    const gone = document["gone"];
    if (typeof gone === "string") {
      const event = there.get(gone);
      if (event === undefined) throw new Error(`${gone} is not there`);
      return [{ ...event, gone: true }];
    }
    const object = admit(document);
    if (object === undefined) throw new Error(`refused: ${JSON.stringify(document)}`);
    const event = { document, object, gone: false };
    there.set(identityOf(object), event);
    return [event];
  });
}
