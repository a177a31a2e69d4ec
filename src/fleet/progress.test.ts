import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { withProgress } from "./progress.ts";

const measure = () => Promise.resolve("1 of 2 MB");

/** Collects what is written; `written` is fulfilled at the first write. */
function output(isTTY: boolean) {
  const texts: string[] = [];
  const events = new EventEmitter();
  const write = (text: string): void => {
    texts.push(text);
    events.emit("write");
  };
  return { isTTY, write, texts, written: once(events, "write") };
}

describe("withProgress", () => {
  test("quick work goes unmentioned", async () => {
    const out = output(true);
    equal(await withProgress(out, "fetching", measure, () => Promise.resolve(7)), 7);
    deepEqual(out.texts, []);
  });

  test("on a terminal one line is rewritten", async () => {
    const out = output(true);
    await withProgress(out, "fetching", measure, () => out.written, 1);
    equal(out.texts[0], "\r\u001b[Kfetching: 1 of 2 MB");
    match(out.texts.at(-1)?.replace("\r\u001b[K", "") ?? "", /^fetching: done after \d+\.\d s\n$/);
  });

  test("elsewhere a plain line, and how it ended", async () => {
    const out = output(false);
    const work = async (): Promise<never> => {
      await out.written;
      throw new Error("no");
    };
    await rejects(withProgress(out, "fetching", measure, work, 1), /no/);
    equal(out.texts[0], "fetching …\n");
    match(out.texts[1] ?? "", /^fetching: failed after \d+\.\d s\n$/);
    equal(out.texts.length, 2);
  });
});
