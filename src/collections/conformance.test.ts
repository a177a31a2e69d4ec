import type { Collection, Input, Renaming } from "./collection.ts";
import { conformance, type Implementation } from "./conformance.ts";
import type { Graph } from "./graph.ts";

interface Item {
  readonly seed: number;
}

const item = (_: string, seed: number): Item => ({ seed });

function put(input: Input<Item>, key: string, seed: number | undefined): void {
  if (seed === undefined) input.delete(key);
  else input.set(key, { seed });
}

/** An implementation that is made from one input, key by key. */
function over<Value>(
  name: string,
  create: (graph: Graph, source: Input<Item>) => Collection<Value>,
  value: (key: string, seed: number) => Value,
): Implementation<Value> {
  const build = (graph: Graph) => {
    const source = graph.input<Item>("source");
    return {
      write: (key: string, seed: number | undefined) => put(source, key, seed),
      create: () => create(graph, source),
    };
  };
  return { name, build, value };
}

conformance(over("input", (_, source) => source, item));

conformance(over("derive", (graph, source) => graph.derive("out", source, ({ seed }) => ({ seed })), item));

/** The suite writes and reads the same keys, so the input has others. */
const suffixed: Renaming = {
  of: (key) => key.slice(0, -1),
  from: (renamed) => `${renamed}~`,
};

/** An implementation that is made from keys, and fetches what it says from another input. `keyOf` is what the suite's key is there. */
function fetched(
  name: string,
  keyOf: (key: string) => string,
  create: (graph: Graph, keys: Input<true>, values: Input<Item>) => Collection<Item>,
): Implementation<Item> {
  const build = (graph: Graph) => {
    const keys = graph.input<true>("keys");
    const values = graph.input<Item>("values");
    return {
      write: (key: string, seed: number | undefined) =>
        graph.transaction(() => {
          if (seed === undefined) keys.delete(keyOf(key));
          else keys.set(keyOf(key), true);
          put(values, key, seed);
        }),
      create: () => create(graph, keys, values),
    };
  };
  return { name, build, value: item };
}

conformance(
  fetched(
    "derive, renamed, whose value is fetched under the new key",
    (key) => `${key}~`,
    (graph, keys, values) =>
      graph.derive("out", keys, (_, key, { fetch }) => fetch(values, key.slice(0, -1)), { renamed: suffixed }),
  ),
);

conformance(
  fetched(
    "derive, whose value is fetched",
    (key) => key,
    (graph, keys, values) => graph.derive("out", keys, (_, key, { fetch }) => fetch(values, key)),
  ),
);

conformance(
  over(
    "deriveMany, one output each",
    (graph, source) => graph.deriveMany("out", source, ({ seed }, key) => [[key, { seed }]]),
    item,
  ),
);

conformance({
  name: "deriveMany, several parents for a key",
  build: (graph) => {
    const source = graph.input<Item>("source");
    return {
      write: (key, seed) =>
        graph.transaction(() => {
          put(source, `1/${key}`, seed);
          put(source, `2/${key}`, seed === undefined ? undefined : seed + 10);
        }),
      create: () => graph.deriveMany("out", source, ({ seed }, key) => [[key.slice(2), { seed }]]),
    };
  },
  value: item,
});

conformance({
  name: "deriveMany, now one parent for a key, now another",
  build: (graph) => {
    const source = graph.input<Item>("source");
    return {
      write: (key, seed) =>
        graph.transaction(() => {
          put(source, `1/${key}`, seed !== undefined && seed % 2 === 1 ? seed : undefined);
          put(source, `2/${key}`, seed);
        }),
      create: () => graph.deriveMany("out", source, ({ seed }, key) => [[key.slice(2), { seed }]]),
    };
  },
  value: item,
});

conformance(
  over(
    "group of one",
    (graph, source) => graph.group("out", source, (_, key) => [key]),
    (key, seed) => [{ key, value: { seed } }],
  ),
);

conformance({
  name: "group of many",
  build: (graph) => {
    const source = graph.input<Item>("source");
    return {
      write: (key, seed) =>
        graph.transaction(() => {
          for (const n of ["z", "x", "y"]) put(source, `${key}/${n}`, seed);
        }),
      create: () => graph.group("out", source, (_, key) => [key.slice(0, -2)]),
    };
  },
  value: (key, seed) => ["x", "y", "z"].map((n) => ({ key: `${key}/${n}`, value: { seed } })),
});

conformance({
  name: "count",
  build: (graph) => {
    const source = graph.input<Item>("source");
    return {
      write: (key, seed = 0) =>
        graph.transaction(() => {
          for (let n = 1; n <= 9; n += 1) put(source, `${key}/${n}`, n <= seed ? n : undefined);
        }),
      create: () => graph.count("out", source, (_, key) => [key.slice(0, -2)]),
    };
  },
  value: (_, seed) => seed,
});

conformance({
  name: "join",
  build: (graph) => {
    const inputs = ["a", "b"].map((name) => graph.input<Item>(name));
    return {
      // Even seeds come from one collection, odd ones from the other.
      write: (key, seed) =>
        graph.transaction(() => {
          for (const [n, input] of inputs.entries())
            put(input, key, seed !== undefined && seed % 2 === n ? seed : undefined);
        }),
      create: () => graph.join("out", inputs),
    };
  },
  value: item,
});

conformance({
  name: "join, the earlier wins",
  build: (graph) => {
    const first = graph.input<Item>("first");
    const second = graph.input<Item>("second");
    return {
      write: (key, seed) =>
        graph.transaction(() => {
          put(first, key, seed);
          put(second, key, seed === undefined ? undefined : seed + 10);
        }),
      create: () => graph.join("out", [first, second]),
    };
  },
  value: item,
});
