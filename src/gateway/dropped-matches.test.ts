import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import type { KubernetesObject } from "../resources/object.ts";
import { createPlane, put, readGoldens } from "./testing/golden.ts";
import { describeTable } from "./testing/notation.ts";

const goldens = await readGoldens();
/** Class and Services of every golden file. */
const shared = (goldens.find(({ name }) => name === "http-route/timeouts")?.objects ?? []).filter(
  ({ kind }) => kind !== "HTTPRoute",
);

/** As they come from an API server, which looks at no regular expression. */
function served(rules: string, kind = "HTTPRoute") {
  const route: KubernetesObject = parse(`
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: route, namespace: default }
spec:
  parentRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  hostnames: [a.example.com]
  rules: ${rules}
`);
  const plane = createPlane();
  put(plane, [...shared, route]);
  const status = plane.status.get(`${kind}/default/route`)?.status;
  const conditions = status !== undefined && "parents" in status ? (status.parents[0]?.conditions ?? []) : [];
  return {
    rules: describeTable(
      plane.semantics.hostTables.get("proxy|80/a.example.com") ?? { proxy: "", chain: "", hostname: "", rules: [] },
    ),
    conditions: conditions
      .filter(({ reason }) => reason === "UnsupportedValue")
      .map(({ type, status: value, message }) => `${type} ${value}: ${message}`),
  };
}

const backendRefs = 'backendRefs: [{ group: "", kind: Service, name: a, port: 80, weight: 1 }]';
const path = (value: string) => `{ path: { type: RegularExpression, value: "${value}" } }`;
const says = (at: string, value: string, why: string) =>
  `${at}: "${value}" is not a regular expression that Envoy takes (RE2): ${why}.`;

test("a match with an expression that can't be used matches nothing; what is beside it goes on", () => {
  deepEqual(
    served(
      `[{ matches: [${path("/a(?=b)")}, ${path("/b.*")}], ${backendRefs} }, { matches: [${path("[")}], ${backendRefs} }]`,
    ),
    {
      rules: ["RegularExpression /b.* → Service/default/a/80/http1 (HTTPRoute/default/route/0)"],
      conditions: [
        `PartiallyInvalid True: Dropped Rule, as far as no request matches it: ${says("spec.rules[0].matches[0].path.value", "/a(?=b)", "invalid or unsupported Perl syntax: `(?=`")} ${says("spec.rules[1].matches[0].path.value", "[", "missing closing ]: `[`")}`,
      ],
    },
  );
});

test("a route of which nothing is left is not accepted", () => {
  const method = '{ method: { type: RegularExpression, service: "a)(b" } }';
  deepEqual(served(`[{ matches: [${method}], ${backendRefs} }]`, "GRPCRoute"), {
    rules: [],
    conditions: [
      `Accepted False: No rule can be served. ${says("spec.rules[0].matches[0].method.service", "a)(b", "unexpected ): `a)(b`")}`,
    ],
  });
});
