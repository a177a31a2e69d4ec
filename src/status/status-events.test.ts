import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { controllerName } from "../gateway/class.ts";
import { statusEvents } from "./status-events.ts";

const condition = (type: string, status: string, reason: string) => ({ type, status, reason, message: `${reason}!` });
const pending = { conditions: [condition("Programmed", "Unknown", "Pending")] };
const serving = { conditions: [condition("Programmed", "True", "Programmed")] };
const refused = { conditions: [condition("Programmed", "False", "Invalid")] };
const unassigned = { conditions: [condition("Programmed", "False", "AddressNotAssigned")] };
const conflicted = { listeners: [{ name: "web", conditions: [condition("Conflicted", "True", "HostnameConflict")] }] };
const entry = (name: string, reason: string) => ({
  controllerName: name,
  conditions: [condition("Accepted", "False", reason)],
});

describe("events of a status", () => {
  for (const [what, before, after, expected] of [
    ["begins to serve", pending, serving, ["Normal Programmed"]],
    ["goes on serving", serving, serving, []],
    ["is refused", serving, refused, ["Warning Invalid"]],
    ["is well again", refused, serving, ["Normal Programmed"]],
    ["waits for an address", pending, unassigned, []],
    ["has two listeners in conflict", {}, conflicted, ["Warning HostnameConflict"]],
    [
      "a route that is not allowed",
      undefined,
      { parents: [entry(controllerName, "NotAllowedByListeners")] },
      ["Warning NotAllowedByListeners"],
    ],
    ["what other controllers say", undefined, { parents: [entry("example.com/other", "NotAllowedByListeners")] }, []],
  ] as const) {
    test(what, () => {
      const events = statusEvents(before, after, (ours) => ours["controllerName"] === controllerName);
      deepEqual(
        events.map(({ type, reason }) => `${type} ${reason}`),
        expected,
      );
    });
  }
});
