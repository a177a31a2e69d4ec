import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createAuthority } from "../certificates/authority.ts";
import { findingCodes, ruleOf } from "../resources/finding-codes.ts";
import { formatReference } from "../resources/origin.ts";
import { checks, diagnose } from "./diagnose.ts";
import { diagnoseInstance, type InstanceFacts, instanceCodes } from "./diagnose-instance.ts";
import { denyAll, minutes, toController, webhook } from "./testing/incident-parts.ts";
import { incidents } from "./testing/incidents.ts";
import { factsOf, healthyWorld, object, the, withObjects, without } from "./testing/world.ts";

describe("doctor's checks", () => {
  const seen = new Set<string>();

  test("nothing is wrong in a world in which nothing is", () => {
    const { checks: outcomes, written, unread } = diagnose(factsOf(healthyWorld));
    deepEqual(
      outcomes.flatMap(({ findings }) => findings),
      [],
    );
    deepEqual([written, unread], [[], []]);
  });

  for (const { name, facts, finds, says } of incidents) {
    test(name, () => {
      const findings = diagnose(facts).checks.flatMap((outcome) => outcome.findings);
      const told = findings.map(
        ({ severity, code, origin }) =>
          `${severity} ${code} ${origin === undefined ? "" : formatReference(origin.resource)}`,
      );
      deepEqual(told, finds, findings.map(({ message }) => message).join("\n"));
      match(findings.map(({ message }) => message).join("\n"), says);
      for (const { code, remedy = "" } of findings) {
        seen.add(code);
        ok(remedy.length > 10, `${code} has no remedy`);
      }
    });
  }

  test("certificates that are not valid yet, as where a clock is ahead", async () => {
    const { certificate } = await createAuthority(minutes(120));
    const secret = object("v1", "Secret", "gatewright-system/gatewright-authority", {
      type: "gatewright.dev/authority",
      data: { "tls.crt": Buffer.from(certificate).toString("base64") },
    });
    const [finding] = diagnose(factsOf(withObjects(secret))).checks.flatMap(({ findings }) => findings);
    match(finding?.message ?? "", /is valid only from 2026-01-01T1[34]/);
  });

  test("NetworkPolicies that let proxies reach the controller are no finding", () => {
    for (const rules of [
      { egress: [{}] },
      { egress: [{ to: [toController], ports: [{ port: 18_000 }] }] },
      { egress: [{ to: [toController], ports: [{ port: 17_000, endPort: 19_000, protocol: "TCP" }] }] },
      { egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
    ]) {
      const { checks: outcomes } = diagnose(factsOf(withObjects(denyAll("shop", "Egress", rules))));
      deepEqual(
        outcomes.flatMap(({ findings }) => findings),
        [],
        JSON.stringify(rules),
      );
    }
  });

  test("webhooks that may be passed over, or that somebody answers, are no finding", () => {
    for (const configuration of [webhook("Ignore", "gone"), webhook("Fail", "web")]) {
      const { checks: outcomes } = diagnose(factsOf(withObjects(configuration)));
      deepEqual(
        outcomes.flatMap(({ findings }) => findings),
        [],
      );
    }
  });

  test("where a kind may not be read, its checks say so and find nothing", () => {
    const facts = factsOf(healthyWorld);
    const kinds = new Map([...facts.kinds, ["Gateway", { extent: "refused" as const, objects: [] }]]);
    const { checks: outcomes, unread } = diagnose({ ...facts, kinds });
    match(unread.join("\n"), /You may not read all of these kinds: Gateway/);
    equal(outcomes.find(({ name }) => name === "Gateways")?.seen, "");
  });

  test("what files can't be sure of is certain in a cluster, and what doctor explains is told once", () => {
    const resource = { group: "", kind: "Service", namespace: "shop", name: "web" };
    const missing = {
      severity: "warning",
      code: "no-endpoints",
      message: "none",
      origin: { resource, path: ["spec"] },
    } as const;
    const expired = { severity: "warning", code: "expired-certificate", message: "expired" } as const;
    const { written } = diagnose(factsOf(without("EndpointSlice shop/web-1"), { findings: [missing, expired] }));
    deepEqual(written, [{ ...expired, severity: "error" }]);
  });

  test("a Gatewright on a machine: what it and its Envoy say of themselves", () => {
    const healthy = {
      address: "127.0.0.1:9911",
      missing: "",
      metrics: "",
      hasEnvoy: true,
      objects: [the("Gateway shop/edge")],
      findings: [],
    };
    const codes = (facts: Partial<InstanceFacts>) =>
      diagnoseInstance({ ...healthy, ...facts }).checks.flatMap(({ findings }) =>
        findings.map(({ severity, code }) => {
          seen.add(code);
          return `${severity} ${code}`;
        }),
      );
    const pending = { type: "Programmed", status: "Unknown", reason: "Pending", message: "No Envoy runs." };
    const waiting = [{ ...the("Gateway shop/edge"), status: { conditions: [pending] } }];
    deepEqual(codes({}), []);
    deepEqual(codes({ missing: "Envoy has not acknowledged.", objects: waiting }), ["error instance-not-ready"]);
    deepEqual(codes({ envoyProblem: "Envoy does not answer: ENOENT" }), ["error envoy-not-running"]);
    deepEqual(codes({ metrics: "gatewright_envoy_restarts_total 2" }), ["warning envoy-not-running"]);
    // A controller's proxies are pods of their own.
    deepEqual(codes({ hasEnvoy: false, envoyProblem: "There is none here." }), []);
    deepEqual(codes({ objects: waiting }), ["error not-programmed"]);
  });

  after(() => {
    const own = findingCodes.filter((code) => ruleOf(code).ofCluster === true);
    deepEqual(
      own.filter((code) => !seen.has(code)),
      [],
      "each code of doctor's has its incident here",
    );
    const listed: ReadonlySet<string> = new Set([...checks.flatMap(({ codes }) => codes), ...instanceCodes]);
    deepEqual(
      [...own, ...seen].filter((code) => !listed.has(code)),
      [],
      "each is a check's",
    );
  });
});
