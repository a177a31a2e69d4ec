import { deepEqual, equal, match, throws } from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, test } from "node:test";
import { structuredPatch } from "diff";
import { parse, parseAllDocuments } from "yaml";
import { readmeAsItIs, readmeWithValues } from "../scripts/chart-values.ts";
import { chart, helm, helmProgram, manifests, manifestsFile, template } from "../scripts/manifests.ts";
import { needs, root } from "./e2e/harness/programs.ts";

describe("charts/gatewright", () => {
  test("manifests/gatewright.yaml is the chart with its default values (make manifests)", (t) => {
    if (!needs(t, helmProgram)) return;
    equal(readFileSync(manifestsFile, "utf8"), manifests());
  });

  for (const values of globSync(`${root}/test/chart/*.values.yaml`).sort()) {
    test(`${basename(values)}: what differs from the default values`, (t) => {
      if (!needs(t, helmProgram)) return;
      const actual = differences(objects(template()), objects(template(`--values=${values}`)));
      const golden = values.replace(/\.values\.yaml$/, ".diff");
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, actual);
      equal(actual, readFileSync(golden, "utf8"));
    });
  }

  for (const [set, message] of [
    ["imge.tag=1", /additional properties 'imge' not allowed/],
    ["image.tga=1", /at '\/image': additional properties 'tga' not allowed/],
    ["resources.requests.memroy=1Gi", /at '\/resources\/requests': additional properties 'memroy' not allowed/],
    ["resources.requests.memory=1 GB", /at '\/resources\/requests\/memory'/],
    ["replicas=two", /at '\/replicas': got string, want integer/],
    ["image.digest=sha256:12", /at '\/image\/digest'/],
    ["watchNamespaces={Shop}", /at '\/watchNamespaces\/0'/],
    ["logLevel=trace", /at '\/logLevel': value must be one of/],
    ["extraArgs={--log-level=debug}", /extraArgs\[0\]: --log-level is set by logLevel/],
    ["extraArgs={--xds-address=:1}", /extraArgs\[0\]: --xds-address would part the controller/],
    ["podLabels.app\\.kubernetes\\.io/name=mine", /podLabels: app.kubernetes.io\/name is the chart's/],
    [
      "watchNamespaces={shop},gatewayClass.parameters.workload.replicas=2",
      /in namespace gatewright-system, which watchNamespaces leaves out/,
    ],
    ["gatewayClass.create=false,gatewayClass.parameters.workload.replicas=2", /nothing refers to them/],
  ] as const) {
    test(`--set ${set} is refused`, (t) => {
      if (!needs(t, helmProgram)) return;
      throws(() => template(`--set=${set}`), message);
    });
  }

  test("what the controller may write in namespaces, a policy of admission bounds", (t) => {
    if (!needs(t, helmProgram)) return;
    const made = parseAllDocuments(template()).map((document) => document.toJS());
    const named = (kind: string, name: string) => made.find((it) => it?.kind === kind && it.metadata.name === name);
    const writes = ["create", "update", "patch", "delete"];
    const written = named("ClusterRole", "gatewright-namespaces").rules.flatMap((rule: Rule) =>
      rule.verbs.some((verb) => writes.includes(verb)) ? namesIn(rule) : [],
    );
    const bounded = named("ValidatingAdmissionPolicy", "gatewright-controller").spec.matchConstraints.resourceRules;
    deepEqual(
      // Subresources change nothing but status and finalizers, and events say what happened.
      written.filter((name: string) => !name.includes("/") && name !== "events.events.k8s.io").sort(),
      bounded
        .flatMap(namesIn)
        .filter((name: string) => !name.startsWith("gatewayclasses."))
        .sort(),
    );
  });

  for (const [flags, expected] of [
    [[], /kubectl wait --for=condition=Accepted gatewayclass\/gatewright/],
    [[], /The Gateway API is missing/],
    [[], /One replica runs/],
    [
      ["--set=gatewayClass.create=false"],
      /Make a GatewayClass with `controllerName: gatewright.dev\/gateway-controller`/,
    ],
    [["--set=watchNamespaces={shop,blog}"], /Only what is in\s+shop, blog is served/],
  ] as const) {
    test(`the notes after \`helm install ${flags.join(" ")}\` say ${expected.source}`, (t) => {
      if (!needs(t, helmProgram)) return;
      const printed = helm(
        "install",
        "gatewright",
        chart,
        "--dry-run=client",
        "--namespace=gatewright-system",
        ...flags,
      );
      match(printed.slice(printed.indexOf("NOTES:")), expected);
    });
  }

  test("helm lint finds nothing", (t) => {
    if (!needs(t, helmProgram)) return;
    match(helm("lint", "--strict", chart), /0 chart\(s\) failed/);
  });

  test("the README lists the values (node scripts/chart-values.ts)", () => {
    equal(readmeAsItIs(), readmeWithValues());
  });

  test("nothing that the schema knows goes without a default in values.yaml, so that the README has it", () => {
    const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, "utf8"));
    const values = parse(readFileSync(`${chart}/values.yaml`, "utf8"));
    const { global: _global, ...known } = schema.properties;
    equal(Object.keys(values).sort().join(), Object.keys(known).sort().join());
  });

  test("the chart has the package's version", () => {
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
    const { version: ofChart, appVersion } = parse(readFileSync(`${chart}/Chart.yaml`, "utf8"));
    equal(ofChart, version);
    equal(appVersion, version);
  });
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function namesIn({ apiGroups, resources }: Rule): readonly string[] {
  return apiGroups.flatMap((group) => resources.map((resource) => (group === "" ? resource : `${resource}.${group}`)));
}

/** Each object's text, by kind, namespace and name. */
function objects(rendered: string): ReadonlyMap<string, string> {
  return new Map(
    parseAllDocuments(rendered).flatMap((document) => {
      const object = document.toJS();
      if (object === null) return [];
      const { namespace = "", name } = object.metadata;
      return [
        [
          `${object.kind} ${namespace}/${name}`,
          document.toString({ lineWidth: 0 }).replace(/^(---\n)?# Source: .*\n/, ""),
        ],
      ];
    }),
  );
}

/** What another rendering has otherwise: whole objects that came, and lines of those that changed. */
function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string {
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `without ${key}\n`);
  const others = [...after].flatMap(([key, text]) => {
    const old = before.get(key);
    if (old === text) return [];
    if (old === undefined) return [`with ${key}\n${text}`];
    const { hunks } = structuredPatch(key, key, old, text, "", "", { context: 1 });
    return [`in ${key}\n${hunks.map(({ lines }) => `${lines.join("\n")}\n`).join("…\n")}`];
  });
  return [...gone, ...others].join("---\n");
}
