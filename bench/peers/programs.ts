import { build, type Program } from "../../test/cluster/programs.ts";
import { moduleFolder, pinnedModule } from "./pinned-module.ts";

/** Envoy Gateway's module. */
export const envoyGatewayModule = "github.com/envoyproxy/gateway";

/** Istio's module. */
export const istioModule = "istio.io/istio";

/** Envoy Gateway: the control plane, what makes its certificates, and what waits beside its proxies. */
export function buildEnvoyGateway(): Promise<string> {
  const peer = "envoy-gateway";
  const version = `${envoyGatewayModule}/internal/cmd/version.envoyGatewayVersion`;
  return build({
    ...command(peer, `${envoyGatewayModule}/cmd/envoy-gateway`),
    ldflags: `-X ${version}=${pinnedModule(peer, envoyGatewayModule).version}`,
  });
}

/** Istio's control plane, and the agent that starts Envoy and stands between the two. */
export async function buildIstio(): Promise<{ readonly discovery: string; readonly agent: string }> {
  return {
    discovery: await build(command("istio", `${istioModule}/pilot/cmd/pilot-discovery`)),
    agent: await build(command("istio", `${istioModule}/pilot/cmd/pilot-agent`)),
  };
}

/** kubeconform, which checks documents by schemas. */
export function buildKubeconform(): Promise<string> {
  return build(command("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform"));
}

/** A command of a module that a peer's `go.mod` names as a tool. */
function command(peer: string, path: string): Program {
  return { name: path.slice(path.lastIndexOf("/") + 1), module: moduleFolder(peer), package: path };
}
