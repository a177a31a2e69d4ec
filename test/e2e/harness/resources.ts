import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";

/** A Kubernetes object, as far as tests write them. */
export type Resource = Readonly<Record<string, unknown>>;

const apiVersion = "gateway.networking.k8s.io/v1";

/** Writes files of a folder that Gatewright watches, each whole at once by a rename. */
export interface ResourceFolder {
  write(file: string, ...resources: readonly Resource[]): Promise<void>;
  writeText(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
}

export async function resourceFolder(folder: string): Promise<ResourceFolder> {
  await mkdir(folder, { recursive: true });
  const writeText = async (file: string, text: string) => {
    const path = join(folder, file);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  };
  return {
    write: (file, ...resources) => writeText(file, resources.map((resource) => stringify(resource)).join("---\n")),
    writeText,
    remove: (file) => rm(join(folder, file)),
  };
}

export function gatewayClass(): Resource {
  const spec = { controllerName: "gatewright.dev/gateway-controller" };
  return { apiVersion, kind: "GatewayClass", metadata: { name: "gatewright" }, spec };
}

export function gateway(name: string, listeners: readonly Resource[]): Resource {
  return { apiVersion, kind: "Gateway", metadata: { name }, spec: { gatewayClassName: "gatewright", listeners } };
}

/** A backend of a route, by name, with its weight. */
export interface WeightedBackend {
  readonly name: string;
  readonly namespace?: string;
  readonly weight?: number;
}

export function httpRoute(
  name: string,
  hostname: string,
  backends: readonly WeightedBackend[],
  filters: readonly Resource[] = [],
  sectionName?: string,
): Resource {
  const parentRefs = [{ name: "edge", ...(sectionName !== undefined && { sectionName }) }];
  const backendRefs = backends.map((backend) => ({ ...backend, port: 80 }));
  const spec = { parentRefs, hostnames: [hostname], rules: [{ filters, backendRefs }] };
  return { apiVersion, kind: "HTTPRoute", metadata: { name }, spec };
}

/** A Service whose endpoints are in EndpointSlices. */
export function service(name: string, namespace = "default"): Resource {
  const spec = { ports: [{ name: "http", port: 80 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec };
}

export interface SliceEndpoint {
  readonly address: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
}

/** The EndpointSlice of a Service: endpoints that share a port. */
export function endpointSlice(
  name: string,
  port: number,
  endpoints: readonly SliceEndpoint[],
  namespace = "default",
): Resource {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port, protocol: "TCP" }],
    endpoints: endpoints.map(({ address, conditions = { ready: true } }) => ({ addresses: [address], conditions })),
  };
}

/** HTTPRoutes of the namespace "default" may use all Services of `namespace`. */
export function referenceGrant(namespace: string): Resource {
  const from = [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "default" }];
  const to = [{ group: "", kind: "Service" }];
  return { apiVersion, kind: "ReferenceGrant", metadata: { name: "allow", namespace }, spec: { from, to } };
}
