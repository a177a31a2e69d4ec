import { globSync } from "node:fs";
import { join } from "node:path";
import { download, gatewayApi } from "../../scripts/generate/go.ts";

/** Which of the Gateway API's custom resource definitions a cluster has. */
export type Channel = "standard" | "experimental" | "none";

/** Where manifests are applied. */
export interface Kubectl {
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
}

/**
 * Installs the Gateway API as its module ships it, with the policy that guards upgrades: it forbids the experimental channel
 * over the standard one, so a cluster has one channel for life.
 */
export async function installGatewayApi({ kubectl }: Kubectl, channel: Channel): Promise<void> {
  if (channel === "none") return;
  const folder = download(gatewayApi);
  const files = globSync(join(folder, "config/crd", channel, "gateway*.yaml")).sort();
  // Server-side: as an annotation of themselves they would be too big.
  await kubectl(["apply", "--server-side", "--force-conflicts", ...files.map((file) => `--filename=${file}`)]);
  await kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
}
