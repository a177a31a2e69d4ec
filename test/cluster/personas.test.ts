import { deepEqual, match, rejects } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { type AccessRequest, allowed } from "./fixtures/access-review.ts";
import { route } from "./fixtures/shop.ts";
import { needsRoot } from "./fixtures/start-shop.ts";

/** Each with the role that is bound to them: in namespace `shop`, but for `provider`, whose binding is the cluster's. */
const people = {
  viewer: "view",
  developer: "edit",
  operator: "admin",
  provider: "gatewright-infrastructure-provider",
  // Without Kubernetes' own roles.
  "viewer-only": "gatewright-viewer",
  "developer-only": "gatewright-application-developer",
  "operator-only": "gatewright-cluster-operator",
} as const;

type Person = keyof typeof people;

/** By whom a kind is written in `shop`: this persona, and those that are given more. */
const writers: Readonly<Record<string, readonly Person[]>> = {
  "httproutes.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "grpcroutes.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "tlsroutes.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "tcproutes.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "udproutes.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "backendtlspolicies.gateway.networking.k8s.io": ["developer", "operator", "provider"],
  "xbackends.gateway.networking.x-k8s.io": ["developer", "operator", "provider"],
  "xbackendtrafficpolicies.gateway.networking.x-k8s.io": ["developer", "operator", "provider"],
  "backendtrafficpolicies.gatewright.dev": ["developer", "operator", "provider"],
  "gateways.gateway.networking.k8s.io": ["operator", "provider"],
  "listenersets.gateway.networking.k8s.io": ["operator", "provider"],
  "referencegrants.gateway.networking.k8s.io": ["operator", "provider"],
  "xtelemetrypolicies.gateway.networking.x-k8s.io": ["operator", "provider"],
  "gatewayparameters.gatewright.dev": ["operator", "provider"],
  "gatewayclasses.gateway.networking.k8s.io": ["provider"],
  "xmeshes.gateway.networking.x-k8s.io": ["provider"],
};

const clusterScoped = ["gatewayclasses.gateway.networking.k8s.io", "xmeshes.gateway.networking.x-k8s.io"];
const reading = ["get", "list", "watch"];
const writing = ["create", "update", "patch", "delete", "deletecollection"];
const persons = Object.keys(people).filter((name): name is Person => name in people);
const withoutKubernetes = persons.filter((name) => name.endsWith("-only") || name === "provider");

describe("personas, before the API server's authorizer", { ...needsRoot, timeout: 300_000 }, () => {
  let cluster: TestCluster;
  /** Those of the requests that are answered otherwise than expected, in words. */
  const surprises = async (expectations: readonly (AccessRequest & { readonly expected: boolean })[]) => {
    const answers = await allowed(cluster, expectations);
    return expectations.flatMap(({ user, verb, resource, namespace, expected }, index) =>
      answers[index] === expected
        ? []
        : [`${user} ${expected ? "may not" : "may"} ${verb} ${resource} in ${namespace ?? "the cluster"}`],
    );
  };
  const isWriter = (person: Person, resource: string) =>
    writers[resource]?.some((writer) => writer === person || `${writer}-only` === person) === true;

  before(async () => {
    cluster = await startCluster({ name: "personas-test", channel: "experimental" });
    await cluster.kubectl([
      "apply",
      "--server-side",
      `--filename=${join(import.meta.dirname, "../../manifests/gatewright.yaml")}`,
    ]);
    await cluster.apply(
      ...["shop", "other"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
      ...persons.map((name) => binding(name, people[name])),
    );
    // Kubernetes' own roles are made of others by one of its controllers.
    await eventually(async () => {
      const user = "operator";
      deepEqual(
        await surprises([
          { user, verb: "create", resource: "gateways.gateway.networking.k8s.io", namespace: "shop", expected: true },
        ]),
        [],
      );
    }, 60_000);
  });
  after(async () => await cluster?.stop());

  test("every kind of the Gateway API and of ours is somebody's to write", async () => {
    const groups = ["gateway.networking.k8s.io", "gateway.networking.x-k8s.io", "gatewright.dev"];
    const served = await Promise.all(
      groups.map((group) => cluster.kubectl(["api-resources", `--api-group=${group}`, "--output=name"])),
    );
    const known = served.flatMap((names) => names.split("\n")).filter((name) => name !== "");
    deepEqual(
      known.filter((name) => writers[name] === undefined),
      [],
    );
  });

  test("in its namespace each reads all and writes what is its own", async () => {
    const expectations = persons.flatMap((user) =>
      Object.keys(writers).flatMap((resource) => {
        if (clusterScoped.includes(resource)) return [];
        const request = { user, resource, namespace: "shop" };
        return [
          ...reading.map((verb) => ({ ...request, verb, expected: true })),
          ...writing.map((verb) => ({ ...request, verb, expected: isWriter(user, resource) })),
        ];
      }),
    );
    deepEqual(await surprises(expectations), []);
  });

  test("other namespaces, and what belongs to none, are the infrastructure provider's alone", async () => {
    const expectations = persons.flatMap((user) =>
      Object.keys(writers).flatMap((resource) =>
        [...reading, ...writing].map((verb) => ({
          user,
          resource,
          verb,
          ...(clusterScoped.includes(resource) ? {} : { namespace: "other" }),
          expected: user === "provider",
        })),
      ),
    );
    deepEqual(await surprises(expectations), []);
  });

  test("nobody writes status or finalizers", async () => {
    const expectations = persons.flatMap((user) =>
      Object.keys(writers).flatMap((resource) =>
        ["status", "finalizers"].flatMap((subresource) =>
          ["create", "update", "patch", "delete"].map((verb) => ({
            user,
            resource: resource.replace(".", `/${subresource}.`),
            verb,
            ...(clusterScoped.includes(resource) ? {} : { namespace: "shop" }),
            expected: false,
          })),
        ),
      ),
    );
    deepEqual(await surprises(expectations), []);
  });

  test("the roles of ours give nothing of Kubernetes' own: no Secret, pod, node, role, lease or webhook", async () => {
    const others = [
      "secrets",
      "configmaps",
      "services",
      "endpoints",
      "pods",
      "pods/exec",
      "pods/portforward",
      "nodes",
      "namespaces",
      "serviceaccounts",
      "serviceaccounts/token",
      "users",
      "deployments.apps",
      "endpointslices.discovery.k8s.io",
      "leases.coordination.k8s.io",
      "roles.rbac.authorization.k8s.io",
      "rolebindings.rbac.authorization.k8s.io",
      "clusterroles.rbac.authorization.k8s.io",
      "clusterrolebindings.rbac.authorization.k8s.io",
      "customresourcedefinitions.apiextensions.k8s.io",
      "validatingwebhookconfigurations.admissionregistration.k8s.io",
    ];
    const verbs = [...reading, ...writing, "bind", "escalate", "impersonate"];
    const expectations = withoutKubernetes.flatMap((user) =>
      others.flatMap((resource) => verbs.map((verb) => ({ user, resource, verb, namespace: "shop", expected: false }))),
    );
    deepEqual(await surprises(expectations), []);
  });

  test("what Kubernetes' own roles say of Secrets and endpoints is as it was", async () => {
    const request = { namespace: "shop", expected: false };
    deepEqual(
      await surprises([
        { ...request, user: "viewer", verb: "get", resource: "secrets" },
        { ...request, user: "developer", verb: "get", resource: "secrets", expected: true },
        { ...request, user: "developer", verb: "get", resource: "secrets", namespace: "gatewright-system" },
        // Whoever writes endpoints sends a Gateway wherever it likes (CVE-2021-25740).
        { ...request, user: "developer", verb: "create", resource: "endpoints" },
        { ...request, user: "developer", verb: "create", resource: "endpointslices.discovery.k8s.io" },
        { ...request, user: "operator", verb: "create", resource: "endpointslices.discovery.k8s.io" },
      ]),
      [],
    );
  });

  test("real requests end as the reviews say", async () => {
    const object = JSON.stringify(route);
    const as = (user: Person, ...args: readonly string[]) =>
      cluster.kubectl([`--as=${user}`, "--namespace=shop", ...args], object);
    match(await as("developer-only", "apply", "--server-side", "--filename=-"), /serverside-applied/);
    await rejects(as("viewer", "apply", "--server-side", "--filename=-"), /Forbidden|forbidden/);
    const patch = ["patch", "httproute/shop", "--subresource=status", "--type=merge"];
    await rejects(as("operator", ...patch, '--patch={"status":{"parents":[]}}'), /forbidden/);
    await rejects(as("operator", "delete", "gatewayclass/gatewright"), /forbidden/);
    match(await as("developer", "delete", "httproute/shop"), /deleted/);
  });
});

function binding(user: Person, role: string): object {
  const inCluster = user === "provider";
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: inCluster ? "ClusterRoleBinding" : "RoleBinding",
    metadata: inCluster ? { name: user } : { name: user, namespace: "shop" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
  };
}
