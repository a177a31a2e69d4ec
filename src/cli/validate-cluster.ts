import { counted } from "../resources/counted.ts";
import type { Finding } from "../resources/finding.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import { analyseCluster, readObjects } from "./analyse-cluster.ts";
import { clusterOrigin, type OriginOptions } from "./choose-origin.ts";
import { UsageError } from "./usage-error.ts";
import { printResult, type ValidateExitCode, type ValidateOptions, validate } from "./validate.ts";

export interface ValidateFlags
  extends Pick<ValidateOptions, "output" | "strict" | "fix" | "dryRun" | "stdout">,
    Pick<OriginOptions, "kubeconfig" | "context"> {
  readonly allNamespaces: boolean;
  readonly namespace?: string;
}

/**
 * `gatewright validate` of what a cluster holds; with paths, of files as if they were applied to it.
 *
 * @throws UsageError if the cluster can't be asked, or should be mended
 */
export async function validateInCluster(paths: readonly string[], flags: ValidateFlags): Promise<ValidateExitCode> {
  if (paths.length === 0 && flags.fix === true) throw new UsageError("--fix mends files; name some.");
  const origin = await clusterOrigin(flags);
  const namespace = flags.namespace ?? origin.namespace;
  const { objects, findings, incomplete } = await readObjects(origin.access, namespace);
  if (paths.length > 0) {
    return await validate(paths, {
      ...flags,
      analyse: (written) => {
        const ids = new Set(written.map(idOf));
        const together = [...objects.filter((object) => !ids.has(idOf(object))), ...written];
        return analyseCluster(together, incomplete).filter(
          ({ origin: place }) =>
            place === undefined || ids.has(idOf({ kind: place.resource.kind, metadata: place.resource })),
        );
      },
    });
  }
  const isAskedFor = ({ metadata }: Pick<KubernetesObject, "metadata">): boolean =>
    flags.allNamespaces || metadata.namespace === undefined || metadata.namespace === namespace;
  const all: readonly Finding[] = [...findings, ...analyseCluster(objects, incomplete)];
  const asked = all.filter(({ origin: place }) => place === undefined || isAskedFor({ metadata: place.resource }));
  const checked = objects.filter(isAskedFor).length;
  const where = flags.allNamespaces ? "the cluster" : `namespace ${namespace} and the cluster's own`;
  return printResult(
    {
      findings: asked,
      counts: { files: 0, objects: checked },
      files: [],
      read: `${counted(checked, "object")} in ${where}`,
    },
    { output: flags.output ?? "text", strict: flags.strict ?? false, stdout: flags.stdout ?? process.stdout },
  );
}

function idOf({ kind, metadata }: Pick<KubernetesObject, "kind" | "metadata">): string {
  return `${kind}/${keyOf({ metadata })}`;
}
