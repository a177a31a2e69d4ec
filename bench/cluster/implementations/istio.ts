import { availableParallelism } from "node:os";
import { join } from "node:path";
import { envoyVersion } from "../../../src/fleet/envoy-release.ts";
import { resolveEnvoy } from "../../../src/fleet/resolve-envoy.ts";
import type { TestCluster } from "../../../test/cluster/cluster.ts";
import { type Image, machine } from "../../../test/cluster/images.ts";
import { gateway } from "../../harness/objects.ts";
import { helmInstall } from "../../peers/helm-install.ts";
import { moduleFolder, pinnedFiles, pinnedModule } from "../../peers/pinned-module.ts";
import { buildIstio, istioModule } from "../../peers/programs.ts";
import { receivedBytes, running } from "../envoy-processes.ts";
import type { Implementation } from "../implementation.ts";
import { podPids } from "../pod-pids.ts";

const admin = { port: 15000 };

const peer = "istio";
const namespace = "istio-system";
const proxies = `gateway.networking.k8s.io/gateway-name=${gateway.name}`;

/** As its charts install it, without a mesh, with Envoy's own release: see bench/peers/README.md. */
export const istio: Implementation = {
  name: "Istio",
  id: peer,
  prepare: async () => {
    const programs = await buildIstio();
    const { path: envoy } = await resolveEnvoy();
    const source = pinnedFiles(peer, istioModule);
    return {
      version: `Istio 1.31 (${pinnedModule(peer, istioModule).version}) with Envoy ${envoyVersion}`,
      images: images(programs, envoy, source),
      users: [`system:serviceaccount:${namespace}:istiod`],
      install: async (cluster) => {
        await install(cluster, source);
        const processes = async (...names: readonly string[]) =>
          running(names, await podPids(cluster, gateway.namespace, proxies));
        return {
          gatewayClass: "istio",
          controlPlane: () => podPids(cluster, namespace, "app=istiod"),
          // All configuration passes through the agent.
          proxies: () => processes("envoy", "pilot-agent"),
          admin,
          configurationBytes: async () => await receivedBytes(await processes("envoy"), admin, "xds-grpc;"),
        };
      },
    };
  },
};

function images(
  { discovery, agent }: { readonly discovery: string; readonly agent: string },
  envoy: string,
  source: string,
): readonly Image[] {
  return [
    {
      name: "docker.io/istio/pilot",
      files: { "/usr/local/bin/pilot-discovery": discovery },
      entrypoint: ["/usr/local/bin/pilot-discovery"],
    },
    {
      name: "docker.io/istio/proxyv2",
      files: {
        ...machine,
        "/opt/istio/envoy": envoy,
        "/opt/istio/pilot-agent": agent,
        "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": join(source, "tools/packaging/common/envoy_bootstrap.json"),
      },
      // Where it is in Istio's image, this machine's own programs are.
      entrypoint: ["/opt/istio/pilot-agent"],
      environment: ["PATH=/opt/istio:/usr/local/bin:/usr/bin:/bin"],
    },
  ];
}

async function install(cluster: TestCluster, source: string): Promise<void> {
  const values = [join(moduleFolder(peer), "values.yaml")];
  const charts = join(source, "manifests/charts");
  await helmInstall(cluster, { name: "base", namespace, chart: join(charts, "base"), values });
  // As many threads of Go's as this machine has processors; without a limit it would be as many as the node claims to have.
  const processors = `--set=resources.limits.cpu=${availableParallelism()}`;
  const chart = join(charts, "istio-control/istio-discovery");
  await helmInstall(cluster, { name: "istiod", namespace, chart, values, flags: [processors] });
  // The image's user, which images of a test cluster don't have.
  const user = { spec: { template: { spec: { securityContext: { runAsUser: 1337, runAsGroup: 1337 } } } } };
  const deployment = [`--namespace=${namespace}`, "deployment/istiod"];
  await cluster.kubectl(["patch", ...deployment, `--patch=${JSON.stringify(user)}`]);
  await cluster.kubectl(["rollout", "status", ...deployment, "--timeout=180s"]);
  await cluster.kubectl(["wait", "--for=create", "gatewayclass/istio", "--timeout=60s"]);
  await cluster.kubectl(["wait", "--for=condition=Accepted", "gatewayclass/istio", "--timeout=60s"]);
}
