import { defaultAdminAddress } from "../admin/address.ts";
import type { ClusterAccess } from "../kubernetes/access.ts";
import { UsageError } from "./usage-error.ts";

/** What a person says of where objects come from. */
export interface OriginOptions {
  readonly files: readonly string[];
  /** Of a running Gatewright, if one was named. */
  readonly adminAddress?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Where objects come from. `namespace` is the one that is meant when none is named. */
export type Origin =
  | { readonly from: "files"; readonly files: readonly string[]; readonly namespace: string }
  | { readonly from: "instance"; readonly address: string; readonly namespace: string }
  | { readonly from: "cluster"; readonly access: ClusterAccess; readonly namespace: string };

/** The rule, for `--help`. */
export const originHelp = `
Where objects come from: files, with -f; else the cluster that --kubeconfig or --context names; else a Gatewright that runs
at --admin-address; else the cluster of your kubeconfig (KUBECONFIG, ~/.kube/config, or the pod that this runs in).`;

/**
 * Files if there are any; else the cluster that is named; else a running Gatewright, by its name or where it is by default;
 * else the cluster that kubectl would ask.
 *
 * @throws UsageError when there is nothing to ask
 */
export async function chooseOrigin(options: OriginOptions): Promise<Origin> {
  const { files, adminAddress, kubeconfig, context } = options;
  const namespace = "default";
  if (files.length > 0) return { from: "files", files, namespace };
  if (kubeconfig !== undefined || context !== undefined) return await clusterOrigin(options);
  const address = adminAddress ?? defaultAdminAddress;
  if (adminAddress !== undefined || (await answers(address))) return { from: "instance", address, namespace };
  const { hasCluster } = await import("../kubernetes/kubeconfig.ts");
  if (hasCluster()) return await clusterOrigin(options);
  throw new UsageError(
    `No Gatewright answers at ${address}, and there is no kubeconfig. Start one with \`gatewright run PATH…\`, name its --admin-address or a --kubeconfig, or read files with -f PATH.`,
  );
}

/** @throws UsageError */
export async function clusterOrigin({
  kubeconfig,
  context,
}: Pick<OriginOptions, "kubeconfig" | "context">): Promise<Extract<Origin, { from: "cluster" }>> {
  const { findCluster } = await import("../kubernetes/kubeconfig.ts");
  try {
    const access = findCluster({ kubeconfig, context });
    return { from: "cluster", access, namespace: access.namespace };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function answers(address: string): Promise<boolean> {
  try {
    await (await fetch(`http://${address}/readyz`)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}
