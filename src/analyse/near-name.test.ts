import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { nearName } from "./near-name.ts";

describe("nearName", () => {
  for (const [name, names, expected] of [
    ["crat", ["cart", "orders"], "cart"],
    ["htpp", ["http", "https"], "http"],
    ["cart-v1", ["cart-v2"], undefined],
    ["http", ["https"], undefined],
    ["a", ["b"], undefined],
    ["cart", ["card", "care"], undefined],
    ["orders", ["cart"], undefined],
  ] as const) {
    test(`${name} among ${names.join(", ")}`, () => equal(nearName(name, names), expected));
  }
});
