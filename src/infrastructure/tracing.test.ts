import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { validationBootstrap } from "../envoy/validation-bootstrap.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import { describeOutcome, put, remove } from "../gateway/testing/golden.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import { readDocuments } from "../resources/read-documents.ts";
import { inCluster } from "./placement.ts";

const name = "tracing/tracing";
const folder = join(import.meta.dirname, "testdata");
const outputFile = join(folder, `${name}.out.yaml`);
const documents = readDocuments(readFileSync(join(folder, `${name}.in.yaml`), "utf8"), "tracing.in.yaml");
const objects = documents.flatMap(({ object }) => object ?? []);

function planeOf(all: readonly KubernetesObject[]): ControlPlane {
  const plane = new ControlPlane({ placement: inCluster });
  for (const gateway of all.filter(({ kind }) => kind === "Gateway")) {
    const addresses = [{ type: "IPAddress", value: "192.0.2.1" } as const];
    plane.proxies.set(keyOf(gateway), { ready: true, message: "", addresses, refusedSockets: {} });
  }
  put(plane, all);
  return plane;
}

function chainsOf({ semantics }: ControlPlane) {
  return [...semantics.sockets.entries()];
}

test("parameters have Gateways traced, and Envoy accepts it (UPDATE_GOLDEN=1 writes the golden file)", async () => {
  const plane = planeOf(objects);
  const own = new Set(objects.map((object) => `${object.kind}/${keyOf(object)}`));
  const findings = documents.flatMap((document) => document.findings);
  const outcome = describeOutcome(plane, { name, outputFile, objects, own, findings });
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(outputFile, outcome);
  equal(outcome, existsSync(outputFile) ? readFileSync(outputFile, "utf8") : "");
  const resources = [...plane.envoyResources.entries()].map(([, resource]) => resource);
  const envoy = await resolveEnvoy();
  for (const proxy of ["default/as-the-class", "granted/own"]) {
    const bootstrap = validationBootstrap(resources.filter((resource) => resource.proxy === proxy));
    const { ok, warnings } = await validate(envoy.path, bootstrap);
    // The sampler of what clients record is new in Envoy, and says so.
    deepEqual([ok, warnings.filter((warning) => !warning.includes("work-in-progress"))], [true, []], proxy);
  }
});

test("traces stay as they were when parameters are lost, and follow policies, collectors and grants that come and go", () => {
  const plane = planeOf(objects);
  const before = chainsOf(plane);
  for (const kind of ["GatewayParameters", "XTelemetryPolicy", "ReferenceGrant", "Service"]) {
    const these = objects.filter((object) => object.kind === kind);
    for (const object of these) remove(plane, object);
    const stays = JSON.stringify(chainsOf(plane)) === JSON.stringify(before);
    equal(stays, kind === "GatewayParameters", `without any ${kind}`);
    put(plane, these);
    deepEqual(chainsOf(plane), before, `with every ${kind} again`);
  }
});
