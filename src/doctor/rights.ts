/** One thing that somebody may be allowed to do. */
export interface Right {
  /** "" for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** Of the one object that it is about; absent if it is about all. */
  readonly name?: string;
  /** On what: objects of the cluster's own, those of the namespaces that are served, or those of the controller's own namespace. */
  readonly scope: "cluster" | "namespaces" | "own";
}

/** Whether a controller's service account has a right. */
export interface Permission {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly right: Right;
  readonly allowed: boolean;
}

const follow = ["list", "watch"];
const read = ["get", ...follow];
const gatewayApi = "gateway.networking.k8s.io";
const experimental = "gateway.networking.x-k8s.io";

const kinds = [
  "gateways",
  "listenersets",
  "httproutes",
  "grpcroutes",
  "tlsroutes",
  "tcproutes",
  "udproutes",
  "backendtlspolicies",
];
const experimentalKinds = ["xbackends", "xbackendtrafficpolicies", "xtelemetrypolicies"];

/** What a controller must be allowed to do: what its manifests grant, neither less nor more. */
export const rights: readonly Right[] = [
  ...of("cluster", gatewayApi, ["gatewayclasses"], [...read, "patch"]),
  ...of("cluster", experimental, ["xmeshes"], read),
  ...of("cluster", "", ["namespaces"], follow),
  ...of("cluster", "certificates.k8s.io", ["clustertrustbundles"], follow),
  ...of("cluster", "apiextensions.k8s.io", ["customresourcedefinitions"], follow),
  ...of("cluster", gatewayApi, ["gatewayclasses"], ["patch"], "status"),
  ...of("cluster", experimental, ["xmeshes"], ["patch"], "status"),
  ...of("cluster", gatewayApi, ["gatewayclasses"], ["update"], "finalizers"),
  ...of("namespaces", gatewayApi, kinds, read),
  ...of("namespaces", gatewayApi, ["referencegrants"], follow),
  ...of("namespaces", experimental, experimentalKinds, read),
  ...of("namespaces", "gatewright.dev", ["gatewayparameters"], follow),
  ...of("namespaces", "gatewright.dev", ["backendtrafficpolicies"], read),
  ...of("namespaces", "discovery.k8s.io", ["endpointslices"], follow),
  ...of("namespaces", gatewayApi, kinds, ["patch"], "status"),
  ...of("namespaces", experimental, experimentalKinds, ["patch"], "status"),
  ...of("namespaces", "gatewright.dev", ["backendtrafficpolicies"], ["patch"], "status"),
  ...of("namespaces", gatewayApi, ["gateways"], ["update"], "finalizers"),
  ...of("namespaces", "events.k8s.io", ["events"], ["create"]),
  ...of(
    "namespaces",
    "",
    ["services", "configmaps", "secrets", "serviceaccounts"],
    [...read, "create", "patch", "delete"],
  ),
  ...of("namespaces", "apps", ["deployments", "daemonsets"], [...read, "create", "patch", "delete"]),
  ...of("namespaces", "autoscaling", ["horizontalpodautoscalers"], [...read, "create", "patch", "delete"]),
  ...of("namespaces", "policy", ["poddisruptionbudgets"], [...read, "create", "patch", "delete"]),
  ...of("own", "coordination.k8s.io", ["leases"], ["create"]),
  ...named("gatewright", of("own", "coordination.k8s.io", ["leases"], ["get", "update"])),
  ...of("own", "", ["secrets"], ["create"]),
  ...named("gatewright-authority", of("own", "", ["secrets"], ["get", "update"])),
  ...of("own", "", ["configmaps"], [...follow, "create", "patch", "delete"]),
];

function of(
  scope: Right["scope"],
  group: string,
  resources: readonly string[],
  verbs: readonly string[],
  subresource?: string,
): readonly Right[] {
  return resources.flatMap((resource) =>
    verbs.map((verb) => ({ group, resource, ...(subresource !== undefined && { subresource }), verb, scope })),
  );
}

function named(name: string, each: readonly Right[]): readonly Right[] {
  return each.map((right) => ({ ...right, name }));
}

/** As RBAC names it, with its group. @example "gateways.gateway.networking.k8s.io/status", "secrets/gatewright-authority" */
export function resourceName({
  group,
  resource,
  subresource,
  name,
}: Pick<Right, "group" | "resource" | "name"> & { readonly subresource?: string | undefined }): string {
  const path = `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
  return name === undefined ? path : `${path}/${name}`;
}
