/**
 * Writes charts/gatewright/dashboards: Grafana's dashboards, as scripts/dashboards describes them.
 *
 *     node scripts/dashboards.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { controlPlane } from "./dashboards/control-plane.ts";
import { type Dashboard, grafana } from "./dashboards/dashboard.ts";
import { grpc, routes, traffic } from "./dashboards/traffic.ts";

export const dashboards: readonly Dashboard[] = [controlPlane, traffic, routes, grpc];

export function dashboardFile({ name }: Dashboard): string {
  return join(import.meta.dirname, `../charts/gatewright/dashboards/${name}.json`);
}

/** The file's text. */
export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(grafana(dashboard), undefined, 1)}\n`;
}

if (import.meta.main)
  for (const dashboard of dashboards) writeFileSync(dashboardFile(dashboard), dashboardText(dashboard));
