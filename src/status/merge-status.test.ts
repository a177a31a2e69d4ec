import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { controllerName } from "../gateway/class.ts";
import { mergeStatus as merge } from "./merge-status.ts";

/** As it is for a route, unless a test is about another kind. */
const mergeStatus = (live: unknown, desired: object, at: Date, kind = "HTTPRoute") => merge(kind, live, desired, at);

const then = "2026-01-01T00:00:00Z";
const now = new Date("2026-01-02T00:00:00.123Z");
const nowText = "2026-01-02T00:00:00Z";

function condition(type: string, status: string, rest: object = {}) {
  return { type, status, reason: "R", message: "", observedGeneration: 1, ...rest };
}

const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" };
const ours = { parentRef, controllerName };
const foreign = { parentRef, controllerName: "example.com/other", conditions: [condition("Accepted", "False")] };

describe("conditions", () => {
  const live = { conditions: [condition("Accepted", "True", { lastTransitionTime: then })] };

  test("equal ones are not written", () => {
    equal(mergeStatus(live, { conditions: [condition("Accepted", "True")] }, now), undefined);
  });

  test("the time moves with the status, and with nothing else", () => {
    deepEqual(mergeStatus(live, { conditions: [condition("Accepted", "True", { reason: "S" })] }, now), {
      conditions: [condition("Accepted", "True", { reason: "S", lastTransitionTime: then })],
    });
    deepEqual(mergeStatus(live, { conditions: [condition("Accepted", "False")] }, now), {
      conditions: [condition("Accepted", "False", { lastTransitionTime: nowText })],
    });
  });

  test("others' stay, of the object and of its listeners; ours that are over go", () => {
    const other = condition("example.com/Other", "True", { lastTransitionTime: then });
    const over = condition("gatewright.dev/NotEnforced", "True", { lastTransitionTime: then });
    const noLonger = condition("DefaultGateway", "True", { lastTransitionTime: then });
    const conditions = [other, over, noLonger, ...live.conditions];
    deepEqual(
      mergeStatus(
        {
          conditions,
          listeners: [
            { name: "web", conditions },
            { name: "gone", conditions },
          ],
        },
        { conditions: [condition("Accepted", "True")], listeners: [{ name: "web", conditions: [] }] },
        now,
      ),
      { conditions: [other, ...live.conditions], listeners: [{ name: "web", conditions: [other] }] },
    );
  });
});

describe("entries of controllers", () => {
  test("others' stay, ours are added", () => {
    deepEqual(
      mergeStatus({ parents: [foreign] }, { parents: [{ ...ours, conditions: [condition("Accepted", "True")] }] }, now),
      {
        parents: [foreign, { ...ours, conditions: [condition("Accepted", "True", { lastTransitionTime: nowText })] }],
      },
    );
  });

  test("ours that are over go, others' stay", () => {
    const live = { parents: [{ ...ours, conditions: [] }, foreign] };
    deepEqual(mergeStatus(live, { parents: [] }, now), { parents: [foreign] });
    equal(mergeStatus({ parents: [foreign] }, { parents: [] }, now), undefined);
  });

  test("the order in which another controller writes the list is no difference", () => {
    const accepted = condition("Accepted", "True", { lastTransitionTime: then });
    const desired = { parents: [{ ...ours, conditions: [condition("Accepted", "True")] }] };
    const entry = { ...ours, conditions: [accepted] };
    equal(mergeStatus({ parents: [entry, foreign] }, desired, now), undefined);
    equal(mergeStatus({ parents: [foreign, entry] }, desired, now), undefined);
  });

  test("what the API server fills in is no difference", () => {
    const live = { parents: [{ ...ours, conditions: [condition("Accepted", "True", { lastTransitionTime: then })] }] };
    const desired = { ...ours, parentRef: { name: "edge" } };
    equal(
      mergeStatus(live, { parents: [{ ...desired, conditions: [condition("Accepted", "True")] }] }, now),
      undefined,
    );
  });

  test("a policy has room for 16 ancestors, an XBackend for 32; others' are not pushed out", () => {
    const ancestor = (name: string, controller: string) => ({
      ancestorRef: { name },
      controllerName: controller,
      conditions: [],
    });
    const others = Array.from({ length: 15 }, (_, index) => ancestor(`other-${index}`, "example.com/other"));
    const merged = mergeStatus(
      { ancestors: others },
      { ancestors: [ancestor("one", controllerName), ancestor("two", controllerName)] },
      now,
      "BackendTLSPolicy",
    );
    deepEqual(merged, { ancestors: [...others, ancestor("one", controllerName)] });
    const ofXBackend = mergeStatus(
      { ancestors: others },
      { ancestors: [ancestor("one", controllerName), ancestor("two", controllerName)] },
      now,
      "XBackend",
    );
    equal(JSON.stringify(ofXBackend).match(/"name"/g)?.length, 17);
  });
});

test("empty and absent are the same", () => {
  equal(mergeStatus(undefined, { addresses: [], listeners: [], attachedListenerSets: 0 }, now), undefined);
});
