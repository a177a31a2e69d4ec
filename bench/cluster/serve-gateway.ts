import { gateway, gatewayObject, namespaceObjects } from "../harness/objects.ts";
import type { Stage } from "./on-each.ts";

/** Makes the Gateway that benchmarks serve, waits until it is programmed, and tells its address. */
export async function serveGateway({ cluster, installed }: Pick<Stage, "cluster" | "installed">): Promise<string> {
  await cluster.apply(...namespaceObjects(gateway.namespace), gatewayObject(installed.gatewayClass));
  const named = [`--namespace=${gateway.namespace}`, `gateway/${gateway.name}`];
  await cluster.kubectl(["wait", "--for=condition=Programmed", ...named, "--timeout=180s"]);
  return await cluster.kubectl(["get", ...named, "--output=jsonpath={.status.addresses[0].value}"]);
}
