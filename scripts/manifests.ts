/**
 * Writes manifests/gatewright.yaml: the chart with its default values, for those who have no helm.
 *
 *     node scripts/manifests.ts
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const namespace = "gatewright-system";

/** The pinned helm, where scripts/install-test-programs.sh puts it. */
export const helmProgram = join(root, ".cache/bin/helm");

/** The chart's folder. */
export const chart = join(root, "charts/gatewright");

/** The file that {@link manifests} is kept in. */
export const manifestsFile = join(root, "manifests/gatewright.yaml");

const header = `# Gatewright in a cluster: kubectl apply --server-side -f manifests/gatewright.yaml
# The Gateway API's custom resource definitions (v1.7) must be there.
# Made from charts/gatewright by \`make manifests\`; edit the chart.
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    app.kubernetes.io/name: gatewright
    pod-security.kubernetes.io/enforce: restricted
`;

/**
 * All objects of the chart with its default values, our custom resource definitions and the namespace, in the order in which
 * they can be made.
 *
 * @throws Error with helm's own words; when there is no helm, how to come by it
 */
export function manifests(): string {
  return `${header}${template("--include-crds")}`;
}

/** What the chart makes; `flags` are helm's. */
export function template(...flags: readonly string[]): string {
  return helm("template", "gatewright", chart, "--namespace", namespace, ...flags);
}

/** What the pinned helm printed. */
export function helm(...args: readonly string[]): string {
  if (!existsSync(helmProgram)) throw new Error(`there is no ${helmProgram}: run scripts/install-test-programs.sh`);
  return execFileSync(helmProgram, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

if (process.argv[1] === import.meta.filename) writeFileSync(manifestsFile, manifests());
