import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { Namespace } from "../resources/generated/core.ts";
import { namespaceLabels, refuseNamespace, unmetRequirement } from "./allowed-routes.ts";

type Selector = Parameters<typeof unmetRequirement>[0];

const labels = { team: "shop", tier: "gold" };

describe("unmetRequirement: the first requirement of a selector that the labels don't meet", () => {
  const cases: readonly (readonly [Selector, string | undefined])[] = [
    [{}, undefined],
    [{ matchLabels: { team: "shop" } }, undefined],
    [{ matchLabels: { team: "shop", tier: "silver" } }, "tier=silver"],
    [{ matchLabels: { region: "eu" } }, "region=eu"],
    [{ matchExpressions: [{ key: "tier", operator: "In", values: ["gold", "silver"] }] }, undefined],
    [{ matchExpressions: [{ key: "tier", operator: "In", values: ["bronze"] }] }, "tier in (bronze)"],
    [{ matchExpressions: [{ key: "region", operator: "In", values: ["eu"] }] }, "region in (eu)"],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["bronze"] }] }, undefined],
    [{ matchExpressions: [{ key: "region", operator: "NotIn", values: ["eu"] }] }, undefined],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["gold"] }] }, "tier notin (gold)"],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, undefined],
    [{ matchExpressions: [{ key: "region", operator: "Exists" }] }, "region"],
    [{ matchExpressions: [{ key: "region", operator: "DoesNotExist" }] }, undefined],
    [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, "!tier"],
    [{ matchExpressions: [{ key: "tier", operator: "In" }] }, "tier in ()"],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn" }] }, "tier notin (), which is invalid without values"],
    [
      { matchExpressions: [{ key: "tier", operator: "Exists", values: ["gold"] }] },
      "tier Exists (gold), which is invalid with values",
    ],
    [
      { matchExpressions: [{ key: "region", operator: "Has" }] },
      "region Has (), which is no requirement that Kubernetes knows",
    ],
    [
      { matchLabels: { team: "shop" }, matchExpressions: [{ key: "tier", operator: "NotIn", values: ["gold"] }] },
      "tier notin (gold)",
    ],
  ];
  for (const [selector, expected] of cases) {
    test(`${JSON.stringify(selector)}: ${expected ?? "met"}`, () =>
      equal(unmetRequirement(selector, labels), expected));
  }
});

describe("refuseNamespace", () => {
  const selector = { matchLabels: { team: "shop" } };
  for (const [allowed, namespace, expected] of [
    [{ from: "All" }, "other", true],
    [{ from: "Same" }, "infra", true],
    [{ from: "Same" }, "other", false],
    [{ from: "None" }, "infra", false],
    [{ from: "Selector", selector }, "other", true],
    [{ from: "Selector", selector: { matchLabels: { team: "blog" } } }, "infra", false],
    [{ from: "Selector", selector: {} }, "other", true],
    [{ from: "Selector" }, "infra", false],
  ] as const) {
    test(`${JSON.stringify(allowed)} ${expected ? "allows" : "refuses"} ${namespace}`, () => {
      equal(refuseNamespace(allowed, "infra", namespace, () => labels) === undefined, expected);
    });
  }

  test("labels are looked up for a selector alone", () => {
    refuseNamespace({ from: "All" }, "infra", "other", () => {
      throw new Error("looked up");
    });
  });
});

test("a namespace has its name as a label, whatever it says itself", () => {
  const namespace: Namespace = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { "kubernetes.io/metadata.name": "bank", team: "shop" } },
  };
  equal(namespaceLabels("shop", namespace)["kubernetes.io/metadata.name"], "shop");
  equal(namespaceLabels("shop", namespace)["team"], "shop");
  equal(namespaceLabels("shop", undefined)["kubernetes.io/metadata.name"], "shop");
});
