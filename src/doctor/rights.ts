/** One thing that somebody may be allowed to do. */
export interface Right {
  /** "" for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
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

const read = ["get", "list", "watch"];
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
  ...of("cluster", "", ["namespaces"], read),
  ...of("cluster", "certificates.k8s.io", ["clustertrustbundles"], read),
  ...of("cluster", "apiextensions.k8s.io", ["customresourcedefinitions"], read),
  ...of("cluster", gatewayApi, ["gatewayclasses"], ["patch"], "status"),
  ...of("cluster", experimental, ["xmeshes"], ["patch"], "status"),
  ...of("namespaces", gatewayApi, [...kinds, "referencegrants"], read),
  ...of("namespaces", experimental, experimentalKinds, read),
  ...of("namespaces", "discovery.k8s.io", ["endpointslices"], read),
  ...of("namespaces", gatewayApi, kinds, ["patch"], "status"),
  ...of("namespaces", experimental, experimentalKinds, ["patch"], "status"),
  ...of("namespaces", gatewayApi, ["gateways"], ["update"], "finalizers"),
  ...of("namespaces", "events.k8s.io", ["events"], ["create", "patch"]),
  ...of(
    "namespaces",
    "",
    ["services", "configmaps", "secrets", "serviceaccounts"],
    [...read, "create", "patch", "delete"],
  ),
  ...of("namespaces", "apps", ["deployments"], [...read, "create", "patch", "delete"]),
  ...of("own", "coordination.k8s.io", ["leases"], ["get", "create", "update"]),
  ...of("own", "", ["secrets"], ["get", "create", "update"]),
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

/** As `kubectl auth can-i` names it. @example "gateways.gateway.networking.k8s.io/status" */
export function resourceName({ group, resource, subresource }: Right): string {
  return `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
}
