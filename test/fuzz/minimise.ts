import { isJsonObject, type Json } from "../../src/resources/schema.ts";
import { admit } from "./admit.ts";
import { type History, type HistoryEvent, ofEnd } from "./events.ts";
import { without } from "./without.ts";

/** Tries that are worth it: a world takes a fraction of a second. */
const mostTries = 2_000;

/**
 * Less of a history that is still wrong: without its course, without each of its events, without each field of each document.
 * Generators can't shrink documents that people wrote.
 *
 * @param isWrong whether it is still what was found
 */
export async function minimise(found: History, isWrong: (history: History) => Promise<boolean>): Promise<History> {
  let tries = 0;
  const holds = async (history: History): Promise<boolean> => {
    tries += 1;
    return tries <= mostTries && (await isWrong(history));
  };
  let least = (await holds(ofEnd(found))) ? ofEnd(found) : found;
  for (let before: History = []; before !== least; ) {
    before = least;
    for (const smaller of [withoutEvent, withoutField]) {
      for (let place = 0; ; ) {
        const candidate = smaller(least, place);
        if (candidate === undefined || tries >= mostTries) break;
        if (candidate.history !== undefined && (await holds(candidate.history))) least = candidate.history;
        else place += 1;
      }
    }
  }
  return least;
}

/** `history` is absent where that place can't be left out. */
interface Candidate {
  readonly history?: History;
}

function withoutEvent(history: History, place: number): Candidate | undefined {
  if (place >= history.flat().length) return undefined;
  let index = 0;
  return { history: history.map((batch) => batch.filter(() => index++ !== place)).filter((batch) => batch.length > 0) };
}

function withoutField(history: History, place: number): Candidate | undefined {
  let first = 0;
  for (const [number, batch] of history.entries()) {
    for (const [position, event] of batch.entries()) {
      const fields = event.gone ? [] : placesIn(event.document, []);
      const path = fields[place - first];
      first += fields.length;
      if (path === undefined) continue;
      const replaced = replacement(event, path);
      if (replaced === undefined) return {};
      return { history: history.with(number, batch.with(position, replaced)) };
    }
  }
  return undefined;
}

function replacement({ document }: HistoryEvent, path: readonly (string | number)[]): HistoryEvent | undefined {
  const smaller = without(document, path);
  const object = isJsonObject(smaller) ? admit(smaller) : undefined;
  return object === undefined || !isJsonObject(smaller) ? undefined : { document: smaller, object, gone: false };
}

function placesIn(value: Json, path: readonly (string | number)[]): readonly (readonly (string | number)[])[] {
  const inner: readonly (readonly [string | number, Json])[] = Array.isArray(value)
    ? [...value.entries()]
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return inner.flatMap(([step, each]) => [[...path, step], ...placesIn(each, [...path, step])]);
}
