import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { shared } from "./shared.ts";

test("a shared string is what it was, and takes its place in memory once", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: unknown = runInNewContext("gc");
  const heapOf = (name: (index: number) => string): number => {
    const names: string[] = [];
    const used = (): number => {
      for (let time = 0; time < 2; time += 1) if (typeof collectGarbage === "function") collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let index = 0; index < 50_000; index += 1) names.push(name(index));
    equal(names[123], "Service/shop/application-123");
    const after = used();
    equal(names.length, 50_000);
    return after - before;
  };
  const name = (index: number): string => `Service/shop/application-${index % 1000}`;
  const apart = heapOf(name);
  const together = heapOf((index) => shared(name(index)));
  ok(together * 3 < apart, `${together} bytes, and ${apart} when not shared`);
});
