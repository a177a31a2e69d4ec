import { globSync } from "node:fs";
import { join } from "node:path";
import { envoyVersion } from "../../../src/fleet/envoy-release.ts";
import { resolveEnvoy } from "../../../src/fleet/resolve-envoy.ts";
import type { TestCluster } from "../../../test/cluster/cluster.ts";
import { type Image, machine } from "../../../test/cluster/images.ts";
import { gateway } from "../../harness/objects.ts";
import { helmInstall } from "../../peers/helm-install.ts";
import { moduleFolder, pinnedFiles, pinnedModule } from "../../peers/pinned-module.ts";
import { buildEnvoyGateway, envoyGatewayModule } from "../../peers/programs.ts";
import { receivedBytes, running } from "../envoy-processes.ts";
import type { Implementation } from "../implementation.ts";
import { podPids } from "../pod-pids.ts";

const admin = { port: 19000 };

const peer = "envoy-gateway";
const namespace = "envoy-gateway-system";
const gatewayClass = "envoy-gateway";

/** Of the pods of the Gateway that benchmarks serve. */
const owner = "gateway.envoyproxy.io/owning-gateway";
const proxies = `${owner}-namespace=${gateway.namespace},${owner}-name=${gateway.name}`;

/** As its chart installs it: see bench/peers/README.md. */
export const envoyGateway: Implementation = {
  name: "Envoy Gateway",
  id: peer,
  prepare: async () => {
    const program = await buildEnvoyGateway();
    const { path: envoy } = await resolveEnvoy();
    return {
      version: `Envoy Gateway ${pinnedModule(peer, envoyGatewayModule).version} with Envoy ${envoyVersion}`,
      images: images(program, envoy),
      users: [`system:serviceaccount:${namespace}:envoy-gateway`],
      install: async (cluster) => {
        await install(cluster);
        const envoys = async () => running(["envoy"], await podPids(cluster, namespace, proxies));
        return {
          gatewayClass,
          controlPlane: () => podPids(cluster, namespace, "control-plane=envoy-gateway"),
          proxies: envoys,
          admin,
          configurationBytes: async () => await receivedBytes(await envoys(), admin, "xds_cluster"),
        };
      },
    };
  },
};

function images(program: string, envoy: string): readonly Image[] {
  const itself = { files: { "/usr/local/bin/envoy-gateway": program }, entrypoint: ["/usr/local/bin/envoy-gateway"] };
  return [
    { name: "docker.io/envoyproxy/gateway", ...itself },
    // What waits beside each proxy.
    { name: "docker.io/envoyproxy/gateway-dev", ...itself },
    {
      name: "docker.io/envoyproxy/envoy",
      files: { ...machine, "/opt/envoy/envoy": envoy },
      environment: ["PATH=/opt/envoy:/usr/local/bin:/usr/bin:/bin"],
    },
  ];
}

async function install(cluster: TestCluster): Promise<void> {
  const chart = join(pinnedFiles(peer, envoyGatewayModule), "charts/gateway-helm");
  const definitions = globSync(join(chart, "charts/crds/crds/generated/*.yaml"));
  await cluster.kubectl(["apply", "--server-side", ...definitions.map((file) => `--filename=${file}`)]);
  await helmInstall(cluster, {
    name: peer,
    namespace,
    chart,
    values: [join(chart, "values.tmpl.yaml"), join(moduleFolder(peer), "values.yaml")],
    flags: ["--skip-crds", "--wait", "--timeout=180s"],
  });
  await cluster.apply({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: gatewayClass },
    spec: { controllerName: "gateway.envoyproxy.io/gatewayclass-controller" },
  });
  await cluster.kubectl(["wait", "--for=condition=Accepted", `gatewayclass/${gatewayClass}`, "--timeout=60s"]);
}
