import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ApiResource } from "./api-object.ts";
import { type ReflectedChange, Reflector, type ReflectorFailure } from "./reflector.ts";
import { type Answer, events, lastEvents, ScriptedServer, status } from "./testing/scripted-server.ts";

const services: ApiResource = { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true };

function object(name: string, version: number) {
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "n", name, resourceVersion: String(version) } };
}

const added = (name: string, version: number) => ({ type: "ADDED", object: object(name, version) });
const modified = (name: string, version: number) => ({ type: "MODIFIED", object: object(name, version) });
const deleted = (name: string, version: number) => ({ type: "DELETED", object: object(name, version) });
const bookmark = (version: number, annotations = {}) => ({
  type: "BOOKMARK",
  object: { kind: "Service", apiVersion: "v1", metadata: { resourceVersion: String(version), annotations } },
});
const initialEnd = (version: number) => bookmark(version, { "k8s.io/initial-events-end": "true" });
const page = (version: number, items: readonly unknown[], more?: string) => () => ({
  metadata: { resourceVersion: String(version), continue: more },
  items,
});
/** How a server says that it has no WatchList. */
const noWatchList: Answer = () => status(422, "Invalid");

describe("Reflector", () => {
  let server: ScriptedServer;
  let told: string[];
  let failures: ReflectorFailure[];
  let stop: AbortController;
  let running: Promise<void>;
  let progress: EventTarget;

  beforeEach(async () => {
    server = await ScriptedServer.start();
    told = [];
    failures = [];
    stop = new AbortController();
    progress = new EventTarget();
    running = Promise.resolve();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  function start(options: Partial<ConstructorParameters<typeof Reflector>[0]> = {}): void {
    const client = server.client();
    const reflector = new Reflector({
      client,
      resource: services,
      random: () => 0,
      apply: (changes) => tell(changes.map(word).join(" ") || "nothing"),
      failed: (failure) => failures.push(failure),
      recovered: () => tell("recovered"),
      ...options,
    });
    running = reflector.run(stop.signal).finally(() => client.close());
  }

  function tell(what: string): void {
    told.push(what);
    progress.dispatchEvent(new Event("told"));
  }

  /** @example "a@2", or "-a" when it is gone */
  function word({ key, object: now }: ReflectedChange): string {
    const name = key.replace("n/", "");
    return now === undefined ? `-${name}` : `${name}@${now.metadata.resourceVersion}`;
  }

  /** Waits until so much was told, and no longer. */
  async function untilTold(count: number): Promise<void> {
    while (told.length < count) await once(progress, "told");
  }

  /** What each request asked for, without what is the same in all. */
  function asked(): readonly string[] {
    return server.asked.map(({ query }) => {
      const { allowWatchBookmarks: _, timeoutSeconds: __, watch, ...rest } = query;
      return `${watch === undefined ? "list" : "watch"} ${new URLSearchParams(rest).toString()}`.trim();
    });
  }

  const initial = "watch sendInitialEvents=true&resourceVersionMatch=NotOlderThan";

  test("WatchList: the first events are one list, and the same watch goes on", async () => {
    server.next(events(added("a", 1), added("b", 2), deleted("b", 3), initialEnd(5), modified("a", 6)));
    start();
    await untilTold(2);
    deepEqual(told, ["a@1", "a@6"]);
    deepEqual(asked(), [initial]);
  });

  test("a first list with nothing in it is told, too", async () => {
    server.next(events(initialEnd(5)));
    start();
    await untilTold(1);
    deepEqual(told, ["nothing"]);
  });

  test("without WatchList: a list in pages is told as one, then a watch from its version", async () => {
    server.next(noWatchList, page(9, [object("a", 1)], "x"), page(9, [object("b", 2)]), events(added("c", 10)));
    start();
    await untilTold(2);
    deepEqual(told, ["a@1 b@2", "c@10"]);
    deepEqual(asked(), [initial, "list limit=500", "list limit=500&continue=x", "watch resourceVersion=9"]);
    deepEqual(failures, []);
  });

  test("410 between two pages: nothing is told of the first, and it begins anew", async () => {
    server.next(
      noWatchList,
      page(9, [object("a", 1)], "x"),
      () => status(410, "Expired"),
      page(12, [object("b", 11)]),
      events(added("c", 13)),
    );
    start();
    await untilTold(3);
    deepEqual(told, ["b@11", "recovered", "c@13"]);
    deepEqual(asked().slice(1), [
      "list limit=500",
      "list limit=500&continue=x",
      "list limit=500",
      "watch resourceVersion=12",
    ]);
  });

  test("a watch that ends, or breaks within an event, goes on at the last version, a bookmark's included", async () => {
    const cut: Answer = (_, response) => {
      response.write(`${JSON.stringify(added("b", 21))}\n${JSON.stringify(added("c", 22)).slice(0, 30)}`, () =>
        response.destroy(),
      );
    };
    server.next(lastEvents(initialEnd(5), added("a", 6), bookmark(20)), cut, events(added("c", 22)));
    start();
    await untilTold(5);
    deepEqual(told, ["nothing", "a@6", "b@21", "recovered", "c@22"]);
    deepEqual(asked().slice(1), ["watch resourceVersion=20", "watch resourceVersion=21"]);
    equal(failures.length, 1);
  });

  test("events that are told again are not told on", async () => {
    server.next(
      events(
        added("a", 1),
        initialEnd(5),
        added("a", 1),
        modified("a", 6),
        modified("a", 6),
        deleted("z", 7),
        deleted("a", 8),
      ),
    );
    start();
    await untilTold(2);
    deepEqual(told, ["a@1", "a@6 -a"]);
  });

  for (const [how, gone] of [
    ["in the watch", lastEvents({ type: "ERROR", object: status(410, "Expired") })],
    ["instead of a watch", () => status(410, "Gone")],
  ] as const) {
    test(`410 ${how}: everything is read anew at once, and only what differs is told, deletions too`, async () => {
      server.next(
        lastEvents(added("same", 1), added("changed", 2), added("gone", 3), initialEnd(5)),
        gone,
        events(added("same", 1), added("changed", 8), added("fresh", 9), initialEnd(10), modified("same", 11)),
      );
      start();
      await untilTold(3);
      deepEqual(told, ["same@1 changed@2 gone@3", "changed@8 fresh@9 -gone", "same@11"]);
      deepEqual(asked(), [initial, "watch resourceVersion=5", initial]);
      deepEqual(failures, []);
    });
  }

  test("a first list that is cut off is not taken for whole", async () => {
    server.next(lastEvents(added("a", 1)), events(added("a", 1), added("b", 2), initialEnd(5)));
    start();
    await untilTold(2);
    deepEqual(told, ["a@1 b@2", "recovered"]);
  });

  test("waits longer with every failure, at least as long as it is asked to, and begins anew once it works", async () => {
    const delays: number[] = [];
    server.next(
      () => status(500, "InternalError"),
      () => status(403, "Forbidden"),
      () => status(429, "TooManyRequests", { retryAfterSeconds: 0.05 }),
      lastEvents(initialEnd(5), added("a", 6)),
      () => status(500, "InternalError"),
      events(added("b", 7)),
    );
    // Of the delays, half.
    start({ random: () => 0.5, backoff: { firstMs: 2, longestMs: 6 }, failed: ({ delayMs }) => delays.push(delayMs) });
    await untilTold(5);
    deepEqual(delays, [1, 2, 50, 1]);
    deepEqual(told, ["nothing", "recovered", "a@6", "recovered", "b@7"]);
  });

  test("a server that ends every watch at once is asked no faster than one that fails", async () => {
    server.next(lastEvents(initialEnd(5)), lastEvents(), lastEvents(), events(added("a", 6)));
    start();
    await untilTold(3);
    equal(failures.length, 2);
  });

  test("scope: one namespace, selectors, and metadata alone, in lists and in watches", async () => {
    server.next(noWatchList, page(9, []), events(added("a", 10)));
    start({ namespace: "n", labelSelector: "a=b", fieldSelector: "metadata.name=c", metadataOnly: true });
    await untilTold(2);
    for (const { path, query } of server.asked) {
      equal(path, "/api/v1/namespaces/n/services");
      deepEqual([query["labelSelector"], query["fieldSelector"]], ["a=b", "metadata.name=c"]);
    }
    deepEqual(
      server.asked.map(({ headers }) => headers.accept),
      ["", "List", ""].map((list) => `application/json;as=PartialObjectMetadata${list};g=meta.k8s.io;v=v1`),
    );
  });

  test("stops in the middle of anything", async () => {
    const opened = new Promise<ServerResponse>((resolve) => {
      server.next((_, response) => resolve(response));
    });
    start();
    await opened;
    stop.abort();
    await running;
    deepEqual(told, []);
  });
});
