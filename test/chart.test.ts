import { equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { helm, manifests, manifestsFile } from "../scripts/manifests.ts";
import { needs, root } from "./e2e/harness/programs.ts";

const chart = `${root}/charts/gatewright`;

describe("charts/gatewright", () => {
  test("manifests/gatewright.yaml is the chart with its default values (make manifests)", (t) => {
    if (!needs(t, "helm")) return;
    equal(readFileSync(manifestsFile, "utf8"), manifests());
  });

  test("helm lint finds nothing", (t) => {
    if (!needs(t, "helm")) return;
    helm("lint", "--strict", chart);
  });

  test("the chart has the package's version", () => {
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
    const { version: ofChart, appVersion } = parse(readFileSync(`${chart}/Chart.yaml`, "utf8"));
    equal(ofChart, version);
    equal(appVersion, version);
  });
});
