import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { judgeReport } from "./report.ts";

const complete = {
  name: "GATEWAY-TCP",
  core: { result: "success" },
  extended: { result: "success", supportedFeatures: ["ListenerSet"] },
};

function judge(...profiles: readonly object[]): readonly string[] {
  return judgeReport(stringify({ profiles }), ["GATEWAY-TCP"], new Set(["ClusterTrustBundle"]));
}

test("a report is complete when nothing failed, was skipped or is unsupported", () => {
  deepEqual(judge(complete), []);
  deepEqual(judge(), ["GATEWAY-TCP: not in the report"]);
  deepEqual(judge({ ...complete, extended: undefined }), ["GATEWAY-TCP: not in the report"]);
  deepEqual(judge({ ...complete, core: { result: "failure", failedTests: ["TCPRouteReferenceGrant"] } }), [
    "GATEWAY-TCP: TCPRouteReferenceGrant failed",
    "GATEWAY-TCP: failure, success",
  ]);
  deepEqual(judge({ ...complete, core: { result: "partial", skippedTests: ["TCPRouteReferenceGrant"] } }), [
    "GATEWAY-TCP: TCPRouteReferenceGrant was skipped",
    "GATEWAY-TCP: partial, success",
  ]);
  const unsupportedFeatures = ["ClusterTrustBundle", "GatewayPort8080"];
  deepEqual(judge({ ...complete, extended: { ...complete.extended, unsupportedFeatures } }), [
    "GATEWAY-TCP: GatewayPort8080 is not supported",
  ]);
});
