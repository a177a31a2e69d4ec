import { deepEqual, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { externalHostname } from "./external-hostname.ts";

describe("a hostname that a backend names, in a cluster", () => {
  for (const name of ["api.example.com", "API.example.com", "api.example.com.", "svc.example.com", "pod.svc.com"]) {
    test(`${name} is outside`, () =>
      deepEqual(externalHostname(name), { hostname: `${name.toLowerCase().replace(/\.$/, "")}.` }));
  }

  for (const name of [
    "web",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "web.other.svc",
    "web.other.svc.cluster.local",
    "web.other.SVC.cluster.LOCAL.",
    "web-0.web.other.svc.our.zone",
    "10-0-0-1.other.pod.our.zone",
    "printer.local",
    "metadata.google.internal",
  ]) {
    test(`${name} is not`, () => match(JSON.stringify(externalHostname(name)), /a name of the cluster's own/));
  }

  for (const address of ["10.96.0.1", "169.254.169.254", "127.0.0.1", "::1"]) {
    test(`${address} is no name`, () => match(JSON.stringify(externalHostname(address)), /is an address/));
  }
});
