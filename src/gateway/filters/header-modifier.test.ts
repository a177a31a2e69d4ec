import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { headerModifier } from "./header-modifier.ts";

describe("headerModifier", () => {
  test("names are lower-case, and of equivalent ones the first counts", () => {
    deepEqual(
      headerModifier({
        set: [
          { name: "X-One", value: "1" },
          { name: "x-one", value: "2" },
        ],
        add: [{ name: "X-Two", value: "a,b" }],
        remove: ["X-Three", "x-three"],
      }),
      { set: [{ name: "x-one", value: "1" }], add: [{ name: "x-two", value: "a,b" }], remove: ["x-three"] },
    );
  });

  test("what changes nothing is nothing", () => equal(headerModifier({ set: [], remove: [] }), undefined));
});
