import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import { type EnvoyResource, envoyResourceKey } from "../envoy/resource.ts";
import { type ResourceChange, ResourceIndex } from "./resource-index.ts";
import { cluster, listener, resource } from "./testing/fixture.ts";
import { CLUSTER, LISTENER } from "./type-url.ts";

const set = (...items: readonly EnvoyResource[]) => {
  const graph = new Graph();
  const input = graph.input<EnvoyResource>("resources");
  const write = (item: EnvoyResource): void => input.set(envoyResourceKey(item), item);
  graph.transaction(() => items.forEach(write));
  return { graph, input, write, index: new ResourceIndex(input) };
};

describe("an index of resources", () => {
  test("holds what is there when it is made, by proxy and type", () => {
    const { index } = set(cluster("a"), cluster("b"), listener("l"), resource(CLUSTER, "c", {}, "other"));
    deepEqual([...index.of("edge").names(CLUSTER)], ["a", "b"]);
    equal(index.of("edge").size(LISTENER), 1);
    equal(index.of("other").get(CLUSTER, "c")?.name, "c");
    equal(index.of("other").get(CLUSTER, "a"), undefined);
  });

  test("tells each proxy of its own changes, once for each transaction", () => {
    const { index, graph, input, write } = set(cluster("a"));
    const told: (readonly string[])[] = [];
    const note = (changes: readonly ResourceChange[]) => told.push(changes.map(({ name }) => name));
    const end = index.of("edge").watch(note);
    graph.transaction(() => {
      write(cluster("b"));
      write(listener("l"));
      input.delete(envoyResourceKey(cluster("a")));
      write(resource(CLUSTER, "c", {}, "other"));
    });
    deepEqual(
      told.map((names) => names.toSorted()),
      [["a", "b", "l"]],
    );
    end();
    write(cluster("d"));
    equal(told.length, 1);
  });

  test("says which of the shared resources of a type a name is, whatever came and went", () => {
    const { index, input, write } = set(cluster("a"), cluster("b"));
    const shared = index.of("edge").shared(CLUSTER);
    const check = (): void => {
      const names = [...shared.entries()].map(([name]) => name);
      deepEqual(
        [...shared.places()],
        [...names.entries()].map(([place, name]) => [name, place]),
      );
      equal(shared.size, names.length);
    };
    check();
    write(cluster("c"));
    check();
    input.delete(envoyResourceKey(cluster("a")));
    check();
    write(cluster("b", { note: 2 }));
    check();
    write(cluster("a"));
    check();
  });

  test("keeps nothing of a proxy that has no resources and no Envoy", () => {
    const { index, input } = set(cluster("a"));
    const end = index.of("edge").watch(() => {});
    input.delete(envoyResourceKey(cluster("a")));
    equal(index.has("edge"), false);
    deepEqual([...index.proxies()], ["edge"]);
    end();
    deepEqual([...index.proxies()], []);
  });
});
