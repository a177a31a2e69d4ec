import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../../src/cli/version.ts";
import { startGatewright } from "../../harness/gatewright-process.ts";
import { backend, gatewayWith } from "../../harness/resources.ts";
import { type Contender, folderOf, freePorts, type Ports, portOf } from "./contender.ts";
import { allRoutes, type RouteOf, type Scenario } from "./scenario.ts";

/** `bin/gatewright run` with its defaults, as a user starts it: what is measured is its Envoy. */
export const gatewright: Contender = {
  name: "Gatewright",
  id: "gatewright",
  version: () => Promise.resolve(version()),
  start: async (scenario) => {
    const free = await freePorts();
    const ports = { ...free, http2: free.http };
    const folder = await folderOf(scenario, "gatewright");
    await writeFile(join(folder, "gateway.yaml"), await gateway(scenario, ports));
    await writeFile(join(folder, "routes.yaml"), allRoutes(scenario).map(routes).join(""));
    const process = await startGatewright([folder, "--concurrency", "1", "--drain-time", "0"]);
    return {
      pids: process.envoys,
      port: (protocol) => portOf(ports, protocol),
      alive: process.alive,
      stop: process.stop,
    };
  },
};

async function gateway({ certificate, backend: at }: Scenario, { http, https, grpc }: Ports): Promise<string> {
  const [chain, key] = [await readFile(certificate.certificate, "base64"), await readFile(certificate.key, "base64")];
  const listeners = [
    `{name: http, port: ${http}, protocol: HTTP}`,
    `{name: https, port: ${https}, protocol: HTTPS, tls: {certificateRefs: [{name: bench}]}}`,
    `{name: grpc, port: ${grpc}, protocol: HTTP}`,
  ];
  return `${gatewayWith(listeners)}---
apiVersion: v1
kind: Secret
metadata: {name: bench}
type: kubernetes.io/tls
data: {tls.crt: ${chain}, tls.key: ${key}}
---
${backend("http", at.http)}---
${backend("grpc", at.grpc)}`;
}

/** One for HTTP and one for gRPC, each on listeners of its own. */
function routes({ hostname, path }: RouteOf, index: number): string {
  const number = String(index).padStart(5, "0");
  const matches = path === "/" ? "" : `matches: [{path: {value: ${path}}}], `;
  const grpc = `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: grpc-${number}}
spec:
  parentRefs: [{name: bench, sectionName: grpc}]
  hostnames: [${hostname}]
  rules: [{backendRefs: [{name: grpc, port: 80}]}]
`;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: http-${number}}
spec:
  parentRefs: [{name: bench, sectionName: http}, {name: bench, sectionName: https}]
  hostnames: [${hostname}]
  rules: [{${matches}backendRefs: [{name: http, port: 80}]}]
${path === "/" ? grpc : ""}`;
}
