/**
 * Follows a cluster as the controller does, and prints one line of JSON for everything that it is told: run in a cluster's
 * network by `source.test.ts`.
 *
 *     node test/cluster/follow.ts KUBECONFIG [NAMESPACE…]
 */
import { KubernetesClient } from "../../src/kubernetes/client.ts";
import { findCluster } from "../../src/kubernetes/kubeconfig.ts";
import { kinds } from "../../src/resources/kinds.ts";
import { watchCluster } from "../../src/sources/kubernetes/watch-cluster.ts";

const [kubeconfig, ...namespaces] = process.argv.slice(2);
const client = new KubernetesClient(findCluster({ kubeconfig }));

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

watchCluster(
  client,
  {
    apply: ({ changes }) =>
      print({
        at: Date.now(),
        changes: changes.map(({ kind, key, object }) => `${object === undefined ? "-" : ""}${kind}/${key}`),
      }),
  },
  {
    kinds,
    ...(namespaces.length > 0 && { namespaces }),
    served: (served) =>
      print({
        served: served
          .filter(({ resource }) => resource !== undefined)
          .map(({ kind, resource, definition }) =>
            [kind.kind, resource?.version, definition?.bundleVersion, definition?.channel].join(" "),
          ),
      }),
    observed: (key, object) => print({ observed: key, status: object?.status }),
    logger: {
      info: (fields, message) => print({ message, ...fields }),
      warn: (fields, message) => print({ message, ...fields }),
    },
  },
);
