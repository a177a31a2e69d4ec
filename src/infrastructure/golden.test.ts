import { deepEqual, equal } from "node:assert/strict";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { stringify } from "yaml";
import { deepEqual as isEqual } from "../collections/equal.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { put } from "../gateway/testing/golden.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { readDocuments } from "../resources/read-documents.ts";
import { isJsonObject, type Json, type JsonObject, jsonCopy } from "../resources/schema.ts";
import { deriveInfrastructure } from "./derive-infrastructure.ts";
import { inCluster } from "./placement.ts";
import { settings } from "./testing/proxy-settings.ts";

const folder = join(import.meta.dirname, "testdata");

/**
 * Parameters in, objects of the Gateway out: whole in defaults.out.yaml, and in the others what differs from that. A field that is not
 * there any more is null.
 */
describe("golden files: what a Gateway is given", () => {
  for (const file of globSync(join(folder, "*.in.yaml")).sort()) {
    test(basename(file, ".in.yaml"), () => {
      const output = file.replace(/\.in\.yaml$/, ".out.yaml");
      const outcome = outcomeOf(file);
      if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(output, outcome);
      equal(outcome, existsSync(output) ? readFileSync(output, "utf8") : "");
    });
  }
});

function outcomeOf(file: string): string {
  const documents = readDocuments(readFileSync(file, "utf8"), file);
  deepEqual(
    documents.flatMap(({ findings }) => findings),
    [],
  );
  const objects = documents.flatMap(({ object }) => object ?? []);
  const usual = madeOf(
    objects.map((object) => (object.kind === "GatewayParameters" ? { ...object, spec: {} } : object)),
  );
  const made = madeOf(objects);
  const isUsual = file.endsWith("/defaults.in.yaml") || "problem" in made;
  return stringify(isUsual ? made : changed(withOthers(usual), made), { lineWidth: 120 });
}

/** What the Gateway `shop/edge` is given, by kind and name; the bootstrap and what follows from it are others' to test. */
function madeOf(objects: readonly KubernetesObject[]): JsonObject {
  const plane = new ControlPlane({ placement: inCluster });
  put(plane, objects);
  const { graph, resources, semantics } = plane;
  const { infrastructure } = deriveInfrastructure(graph, resources, semantics, settings);
  const { manifests } = infrastructure.get("shop/edge") ?? {};
  if (manifests === undefined) return { problem: semantics.refusals.get("shop/edge")?.message ?? "" };
  return Object.fromEntries(
    manifests.map((manifest): readonly [string, Json] => {
      const { kind, metadata } = manifest;
      const place = ["Deployment", "DaemonSet"].includes(kind) ? "workload" : `${kind} ${metadata.name}`;
      const text = JSON.stringify({ ...manifest, data: undefined });
      return [place, jsonCopy(JSON.parse(text.replace(/("gatewright.dev\/bootstrap":)"[^"]*"/, '$1"…"')))];
    }),
  );
}

/** What is there only because parameters ask for it differs from the usual Service in its metadata, or as a whole. */
function withOthers(usual: JsonObject): (place: string) => Json | undefined {
  const service = usual["Service edge-gatewright"];
  const metadata = isJsonObject(service) ? (service["metadata"] ?? null) : null;
  return (place) => usual[place] ?? (place.startsWith("Service ") ? service : { metadata });
}

/** What of objects is another than the usual. */
function changed(usual: (place: string) => Json | undefined, objects: JsonObject): Json {
  return Object.fromEntries(
    Object.entries(objects).flatMap(([place, object]) => {
      const difference = changeOf(usual(place), object);
      return difference === undefined ? [] : [[place, difference]];
    }),
  );
}

/** What of a value is another one now; undefined if nothing is. Lists that differ are given whole, and what is gone is null. */
function changeOf(before: Json | undefined, after: Json): Json | undefined {
  if (isEqual(before, after)) return undefined;
  if (!isJsonObject(before) || !isJsonObject(after)) return after;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const now = after[name];
      if (now === undefined) return [[name, null]];
      const difference = changeOf(before[name], now);
      return difference === undefined ? [] : [[name, difference]];
    }),
  );
}
