import { deepEqual, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { outdatedDefinitions } from "./outdated-definition.ts";

const read = (plural: string) =>
  parse(readFileSync(new URL(`../../charts/gatewright/crds/${plural}.yaml`, import.meta.url), "utf8"));
const shipped = read("gatewayparameters");
const policy = read("backendtrafficpolicies");

/** What is shipped, with other fields in its spec. */
function changed(change: (properties: Record<string, unknown>) => void) {
  const copy = structuredClone(shipped);
  change(copy.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties);
  return copy;
}

describe("definitions of our own kinds", () => {
  test("those of the chart have all that is read, and newer ones do no harm", () => {
    deepEqual(outdatedDefinitions([shipped, policy]), []);
    const newer = changed((properties) => Object.assign(properties, { future: { type: "string" } }));
    deepEqual(outdatedDefinitions([newer, policy]), []);
  });

  test("one that lacks fields is named with them", () => {
    const older = changed((properties) => {
      delete properties["drain"];
    });
    const [finding, ...others] = outdatedDefinitions([older, policy]);
    deepEqual(others, []);
    match(finding?.message ?? "", /older than this version of Gatewright and lacks spec\.drain: /);
    match(finding?.remedy ?? "", /kubectl apply --server-side -f charts\/gatewright\/crds/);
  });

  test("a cluster without it is told so", () => {
    const [parameters, policies] = outdatedDefinitions([]);
    match(
      parameters?.message ?? "",
      /does not have GatewayParameters: none can be made. Who refers to one gets no proxies.$/,
    );
    match(policies?.message ?? "", /does not have BackendTrafficPolicy: none can be made.$/);
  });
});
