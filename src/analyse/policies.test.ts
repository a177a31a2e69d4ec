import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { readGoldens } from "../gateway/testing/golden.ts";
import { formatPath } from "../resources/origin.ts";
import { analyse } from "./analyse.ts";

const goldens = await readGoldens();

/** What the analyser says of the policies and client certificates of a golden file. */
function findings(name: string): readonly string[] {
  const golden = goldens.find((one) => one.name === name);
  return analyse(golden?.objects ?? []).flatMap(({ severity, code, origin }) =>
    origin === undefined || !["BackendTLSPolicy", "XTelemetryPolicy", "Gateway"].includes(origin.resource.kind)
      ? []
      : [`${severity} ${code} ${origin.resource.name} ${formatPath(origin.path)}`],
  );
}

test("authorities that can't be used: an error, unless a further document could hold them", () => {
  deepEqual(findings("backend-tls-policy/invalid-authorities"), [
    "error invalid-kind invalid-kind spec.validation.caCertificateRefs[0]",
    "error invalid-ca-certificate-ref malformed spec.validation.caCertificateRefs[0]",
    "error invalid-ca-certificate-ref malformed spec.validation.caCertificateRefs[1]",
    "error invalid-ca-certificate-ref malformed spec.validation.caCertificateRefs[2]",
    "warning invalid-ca-certificate-ref nonexistent spec.validation.caCertificateRefs[0]",
    "error invalid-kind one-of-two spec.validation.caCertificateRefs[0]",
    "error invalid well-known spec.validation",
    "error conflicted younger spec.targetRefs[0]",
  ]);
});

test("targets that another policy holds, ports that are not there, and targets that nothing is sent to", () => {
  deepEqual(findings("backend-tls-policy/conflicts"), [
    "error conflicted a-younger spec.targetRefs[0]",
    "error conflicted port-2 spec.targetRefs[0]",
    "error conflicted two-targets spec.targetRefs[0]",
    "error target-not-found two-targets spec.targetRefs[1]",
    "warning not-enforced unused ",
  ]);
});

test("options that nobody knows; the system's authorities are taken for granted", () => {
  deepEqual(findings("backend-tls-policy/authorities"), [
    "warning not-enforced b spec.options.example.com/minimum-version",
  ]);
});

test("client certificates that no listener asks for", () => {
  deepEqual(
    findings("client-validation/ports").filter((finding) => !finding.includes("certificate-not-for-hostname")),
    ["warning not-enforced edge spec.tls.frontend.perPort[2].tls.validation"],
  );
});

test("client certificates, and the authorities for those of clients", () => {
  deepEqual(findings("client-certificate/invalid").slice(-4), [
    "error invalid-client-certificate-ref group spec.tls.backend.clientCertificateRef",
    "error invalid-client-certificate-ref malformed spec.tls.backend.clientCertificateRef",
    "warning invalid-client-certificate-ref nonexistent spec.tls.backend.clientCertificateRef",
    "warning ref-not-permitted not-granted spec.tls.backend.clientCertificateRef",
  ]);
  deepEqual(
    findings("client-validation/invalid").filter((finding) => finding.includes("no-valid")),
    [
      "error no-valid-ca-certificate edge spec.listeners[2]",
      "warning no-valid-ca-certificate edge spec.listeners[3]",
      "warning no-valid-ca-certificate edge spec.listeners[1]",
    ],
  );
});

test("telemetry policies: conflicts, targets, collectors and what is not enforced", () => {
  deepEqual(findings("telemetry-policy/conflicts"), [
    "error conflicted beside spec.targetRefs",
    "error conflicted young spec.targetRefs",
    "error conflicted young spec.targetRefs",
    "warning target-not-found young spec.targetRefs",
  ]);
  deepEqual(findings("telemetry-policy/tracing"), [
    "warning not-enforced all spec.targetRefs[1]",
    "warning not-enforced all spec.tracing.provider.headers[2]",
    "warning not-enforced all spec.tracing.attributes[5].attributeKey",
  ]);
  deepEqual(findings("telemetry-policy/unresolved"), [
    "warning backend-not-found absent spec.tracing.provider.backendRef",
    "error invalid-kind kind spec.tracing.provider.backendRef",
    "error conflicted kind spec.targetRefs",
    "warning ref-not-permitted not-granted spec.tracing.provider.backendRef",
    "error conflicted not-granted spec.targetRefs",
  ]);
});
