/** One thing that somebody may be allowed to do. */
export interface Right {
  /** "" for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** Only in the controller's own namespace; else in all. */
  readonly own?: true;
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
  "gatewayclasses",
  "gateways",
  "listenersets",
  "httproutes",
  "grpcroutes",
  "tlsroutes",
  "tcproutes",
  "udproutes",
  "backendtlspolicies",
];
const experimentalKinds = ["xbackends", "xbackendtrafficpolicies", "xtelemetrypolicies", "xmeshes"];
const owned = ["services", "configmaps", "secrets", "serviceaccounts"];

/** What a controller must be allowed to do, as its manifests grant it: {@link rights} is compared with them in a test. */
export const rights: readonly Right[] = [
  ...[...kinds, "referencegrants"].flatMap((resource) => of(gatewayApi, resource, read)),
  ...experimentalKinds.flatMap((resource) => of(experimental, resource, read)),
  ...of("", "namespaces", read),
  ...of("discovery.k8s.io", "endpointslices", read),
  ...of("certificates.k8s.io", "clustertrustbundles", read),
  ...of("apiextensions.k8s.io", "customresourcedefinitions", read),
  ...kinds.flatMap((resource) => of(gatewayApi, resource, ["patch"], { subresource: "status" })),
  ...experimentalKinds.flatMap((resource) => of(experimental, resource, ["patch"], { subresource: "status" })),
  ...of(gatewayApi, "gatewayclasses", ["patch"]),
  ...of(gatewayApi, "gateways", ["update"], { subresource: "finalizers" }),
  ...of("events.k8s.io", "events", ["create", "patch"]),
  ...owned.flatMap((resource) => of("", resource, [...read, "create", "patch", "delete"])),
  ...of("apps", "deployments", [...read, "create", "patch", "delete"]),
  ...of("coordination.k8s.io", "leases", ["get", "create", "update"], { own: true }),
  ...of("", "secrets", ["update"], { own: true }),
];

function of(
  group: string,
  resource: string,
  verbs: readonly string[],
  more: Pick<Right, "subresource" | "own"> = {},
): readonly Right[] {
  return verbs.map((verb) => ({ group, resource, verb, ...more }));
}

/** As `kubectl auth can-i` names it. @example "gateways.gateway.networking.k8s.io/status" */
export function resourceName({ group, resource, subresource }: Right): string {
  return `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
}
