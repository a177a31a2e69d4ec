import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { dashboardFile, dashboards, dashboardText } from "../scripts/dashboards.ts";
import { helmProgram, template } from "../scripts/manifests.ts";
import { definitions, reference } from "../scripts/metrics-reference.ts";
import { clusterMetrics } from "../src/admin/metrics/cluster-metrics.ts";
import { createMetrics } from "../src/admin/metrics/metrics.ts";
import { ControlPlane } from "../src/control-plane/control-plane.ts";
import { onThisMachine } from "../src/gateway/placement.ts";
import { findProgram, needs, root } from "./e2e/harness/programs.ts";

const rulesFile = join(root, "charts/gatewright/rules.yaml");
const casesFile = join(root, "test/metrics/rules.test.yaml");
const document = readFileSync(join(root, "docs/metrics.md"), "utf8");

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}
const rules: Rules = parse(readFileSync(rulesFile, "utf8"));
const alerts = rules.groups.flatMap((group) => group.rules);

function promtool(t: TestContext, args: readonly string[], input?: string): void {
  if (!needs(t, "promtool")) return;
  const { status, stdout, stderr } = spawnSync(findProgram("promtool") ?? "promtool", args, {
    input,
    encoding: "utf8",
  });
  deepEqual({ status, complaints: status === 0 ? stderr : stdout + stderr }, { status: 0, complaints: "" });
}

describe("alerts", () => {
  test("promtool takes the rules", (t) => promtool(t, ["check", "rules", "--lint-fatal", rulesFile]));
  test("each fires and is silent as its cases say", (t) => promtool(t, ["test", "rules", casesFile]));

  test("each has a case in which it fires, and one in which it does not", () => {
    interface Case {
      readonly expr: string;
      readonly exp_samples: readonly unknown[];
    }
    const { tests }: { readonly tests: readonly { readonly promql_expr_test?: readonly Case[] }[] } = parse(
      readFileSync(casesFile, "utf8"),
    );
    const cases = tests.flatMap(({ promql_expr_test: list = [] }) => list);
    const of = (fires: boolean) =>
      new Set(
        cases
          .filter(({ exp_samples: samples }) => samples.length > 0 === fires)
          .map(({ expr }) => /alertname="(\w+)"/.exec(expr)?.[1]),
      );
    const lacking = alerts.filter(({ alert }) => !of(true).has(alert) || !of(false).has(alert));
    deepEqual(lacking, []);
  });

  test("each says what it is, and docs/metrics.md what to do", () => {
    const headings = [...document.matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
      text.toLowerCase().replaceAll(" ", "-"),
    );
    for (const { alert, annotations } of alerts) {
      const { summary, description, runbook_url: url = "" } = annotations;
      match(`${alert}: ${summary}`, /\.$/);
      match(`${alert}: ${description}`, /\.$/);
      equal(url, `https://gatewright.dev/docs/metrics.md#${alert.toLowerCase()}`);
      equal(headings.includes(alert.toLowerCase()), true, `docs/metrics.md has no heading ${alert}`);
    }
  });

  test("the chart makes a PrometheusRule of them", (t) => {
    if (!needs(t, helmProgram)) return;
    deepEqual(find("PrometheusRule", "--set=monitoring.prometheusRule.enabled=true")["spec"], rules);
  });
});

describe("dashboards", () => {
  test("are as scripts/dashboards describes them (node scripts/dashboards.ts)", () => {
    for (const dashboard of dashboards) equal(readFileSync(dashboardFile(dashboard), "utf8"), dashboardText(dashboard));
    deepEqual(
      readdirSync(join(root, "charts/gatewright/dashboards")).sort(),
      dashboards.map(({ name }) => `${name}.json`).sort(),
    );
  });

  test("come in a ConfigMap that Grafana's sidecar finds", (t) => {
    if (!needs(t, helmProgram)) return;
    const { data, metadata } = find("ConfigMap", "--set=monitoring.dashboards.enabled=true");
    deepEqual(data, Object.fromEntries(dashboards.map((one) => [`${one.name}.json`, dashboardText(one)])));
    equal(JSON.stringify(metadata).includes('"grafana_dashboard":"1"'), true);
  });
});

describe("metrics", () => {
  test("docs/metrics.md names each of the controller's (node scripts/metrics-reference.ts)", () => {
    const { actual, expected } = reference();
    equal(actual, expected);
  });

  test("alerts and dashboards ask for none that the docs don't know", () => {
    const expressions = [
      ...alerts.map(({ expr }) => expr),
      ...dashboards.flatMap(({ rows }) =>
        rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
      ),
    ];
    const asked = new Set(
      expressions.flatMap((expr) => [...expr.matchAll(/\b(?:gatewright|envoy_route)_\w+/g)].map(([name]) => name)),
    );
    const known = new Set([
      ...definitions().map(({ name }) => name),
      ...[...document.matchAll(/`(envoy_route_\w+)`/g)].map(([, name]) => name),
    ]);
    deepEqual(
      [...asked].filter((name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, ""))),
      [],
    );
  });

  test("names, units and help are Prometheus' conventions", async (t) => {
    const metrics = createMetrics("1.2.3");
    const { requested, statusWritten } = clusterMetrics(metrics.instruments, () => ({
      leads: true,
      backlogs: { status: { keys: 1, oldestSeconds: 2 } },
    }));
    metrics.follow({
      controlPlane: new ControlPlane({ placement: onThisMachine("local") }),
      proxies: { behindSeconds: () => [0, 3] },
    });
    requested({ verb: "GET", resource: "gateways", code: 200 });
    statusWritten("Gateway", "written");
    const text = await metrics.render();
    match(text, /^gatewright_queue_oldest_seconds\{queue="status"\} 2$/m);
    match(text, /^gatewright_proxies_behind_seconds 3$/m);
    match(text, /^gatewright_kubernetes_requests_total\{verb="GET",resource="gateways",code="200"\} 1$/m);
    // Those of the Prometheus client are not ours to name.
    const own = text.split("\n").filter((line) => !/^(# (HELP|TYPE) )?(nodejs|process)_/.test(line));
    promtool(t, ["check", "metrics"], `${own.join("\n")}\n`);
  });
});

function find(kind: string, ...values: readonly string[]): Readonly<Record<string, unknown>> {
  const objects = parseAllDocuments(template(...values)).map((one): Readonly<Record<string, unknown>> => one.toJS());
  const found = objects.find((object) => object?.["kind"] === kind);
  if (found === undefined) throw new Error(`the chart makes no ${kind}`);
  return found;
}
