import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import type { ReferenceGrant, ReferenceGrantFrom, ReferenceGrantTo } from "../resources/generated/gateway-api.ts";
import { mayRefer, missingGrant } from "./reference-grant.ts";

const from = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop" };
const to = { group: "", kind: "Service", namespace: "bank", name: "pay" };

function allowed(grants: readonly { readonly from: ReferenceGrantFrom; readonly to: ReferenceGrantTo }[], target = to) {
  const graph = new Graph();
  const input = graph.input<ReferenceGrant>("grants");
  const byNamespace = graph.group("byNamespace", input, () => ["bank"]);
  const asked = graph.input<true>("asked");
  const answer = graph.derive("answer", asked, (_value, _key, reader) => mayRefer(reader, byNamespace, from, target));
  asked.set("x", true);
  grants.forEach((grant, index) => {
    input.set(`bank/${index}`, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "ReferenceGrant",
      metadata: { name: String(index), namespace: "bank" },
      spec: { from: [grant.from], to: [grant.to] },
    });
  });
  return answer.get("x");
}

const service = { group: "", kind: "Service" };

describe("mayRefer", () => {
  for (const [name, grants, expected] of [
    ["nothing without a grant", [], false],
    ["the whole kind", [{ from, to: service }], true],
    ["by name", [{ from, to: { ...service, name: "pay" } }], true],
    ["not by another name", [{ from, to: { ...service, name: "other" } }], false],
    ["not from another kind", [{ from: { ...from, kind: "GRPCRoute" }, to: service }], false],
    ["not from another group", [{ from: { ...from, group: "" }, to: service }], false],
    ["not from another namespace", [{ from: { ...from, namespace: "blog" }, to: service }], false],
    ["not to another kind", [{ from, to: { group: "", kind: "Secret" } }], false],
    [
      "the two halves of two grants are no grant",
      [
        { from, to: { group: "", kind: "Secret" } },
        { from: { ...from, namespace: "blog" }, to: service },
      ],
      false,
    ],
    [
      "one of several",
      [
        { from: { ...from, namespace: "blog" }, to: service },
        { from, to: service },
      ],
      true,
    ],
  ] as const) {
    test(name, () => equal(allowed(grants), expected));
  }

  test("inside a namespace always", () => equal(allowed([], { ...to, namespace: "shop" }), true));
});

test("the message says which grant is missing", () => {
  equal(
    missingGrant(from, to),
    'HTTPRoutes of namespace shop may not refer to Service bank/pay: no ReferenceGrant in namespace bank allows it (spec.from: group "gateway.networking.k8s.io", kind HTTPRoute, namespace shop; spec.to: group "", kind Service).',
  );
});
