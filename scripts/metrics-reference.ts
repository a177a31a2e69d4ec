/**
 * Writes the reference in docs/metrics.md: every metric of the controller, from where it is defined.
 *
 *     node scripts/metrics-reference.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterMetrics } from "../src/admin/metrics/cluster-metrics.ts";
import type { Definition } from "../src/admin/metrics/instruments.ts";
import { createMetrics, supervisionMetrics } from "../src/admin/metrics/metrics.ts";
import { ControlPlane } from "../src/control-plane/control-plane.ts";
import { onThisMachine } from "../src/gateway/placement.ts";

const document = join(import.meta.dirname, "../docs/metrics.md");
const marked = /(<!-- metrics: made by scripts\/metrics-reference\.ts -->\n)[\s\S]*?(<!-- end -->)/;

/** Every metric that the controller, in a cluster or on one machine, can have. */
export function definitions(): readonly Definition[] {
  const metrics = createMetrics("reference");
  const proxies = { behindSeconds: () => [] };
  metrics.follow({ controlPlane: new ControlPlane({ placement: onThisMachine("local") }), proxies });
  supervisionMetrics(metrics);
  clusterMetrics(metrics.instruments, () => undefined);
  return metrics.instruments.definitions;
}

/** docs/metrics.md as it is, and as it is to be. */
export function reference(): { readonly actual: string; readonly expected: string } {
  const actual = readFileSync(document, "utf8");
  if (!marked.test(actual)) throw new Error("docs/metrics.md has no place for the reference");
  const rows = [...definitions()]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, type, help, labels }) => {
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
    });
  const table = ["| metric | type | labels | |", "|---|---|---|---|", ...rows].join("\n");
  return {
    actual,
    expected: actual.replace(marked, (_whole, start: string, end: string) => `${start}${table}\n${end}`),
  };
}

if (import.meta.main) writeFileSync(document, reference().expected);
