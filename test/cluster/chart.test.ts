import { deepEqual, equal, match } from "node:assert/strict";
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { download } from "../../scripts/generate/go.ts";
import { chart, template } from "../../scripts/manifests.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { allowed } from "./fixtures/access-review.ts";
import { backend, gateway, route } from "./fixtures/shop.ts";
import { needsRoot } from "./fixtures/start-shop.ts";

/** For its custom resource definitions alone. */
const prometheusOperator = {
  path: "github.com/prometheus-operator/prometheus-operator",
  version: "v0.85.0",
  sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
};

const controller = "system:serviceaccount:gatewright-system:gatewright";
const ours = { "app.kubernetes.io/managed-by": "gatewright" };

describe("the chart, before a real API server", { ...needsRoot, timeout: 300_000 }, () => {
  let cluster: TestCluster;

  /** Why the API server refuses what somebody asks of it; nothing is changed. */
  async function refusal(user: string, args: readonly string[], object?: object): Promise<string> {
    const flags = ["--dry-run=server", `--as=${user}`, "--namespace=shop"];
    try {
      const input = object === undefined ? [] : ["--filename=-"];
      await cluster.kubectl([...args, ...flags, ...input], object && JSON.stringify(object));
      return "";
    } catch (error) {
      return String(error);
    }
  }

  before(async () => {
    cluster = await startCluster({ name: "chart-test", channel: "experimental" });
    const monitoring = join(download(prometheusOperator), "example/prometheus-operator-crd");
    const definitions = [
      ...globSync(`${chart}/crds/*.yaml`),
      ...["podmonitors", "servicemonitors", "prometheusrules"].map(
        (plural) => `${monitoring}/monitoring.coreos.com_${plural}.yaml`,
      ),
    ];
    await cluster.kubectl(["apply", "--server-side", ...definitions.map((file) => `--filename=${file}`)]);
    await cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    await cluster.apply(
      ...["gatewright-system", "shop", "blog"].map((name) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      })),
    );
  });
  after(async () => await cluster?.stop());

  for (const [what, flags] of [
    ["the default values", []],
    ["all that a Prometheus operator takes", ["serviceMonitor", "podMonitor", "prometheusRule", "dashboards"].map(on)],
    ...globSync(join(import.meta.dirname, "../chart/*.values.yaml"))
      .sort()
      .map((values) => [basename(values), [`--values=${values}`]] as const),
  ] as const) {
    test(`takes what it makes of ${what}`, async () => {
      const rendered = template(...flags);
      await cluster.kubectl(["apply", "--server-side", "--dry-run=server", "--filename=-"], rendered);
    });
  }

  describe("its policies", () => {
    before(async () => {
      await cluster.kubectl(["apply", "--server-side", "--filename=-"], template("--set=replicas=0"));
      await cluster.apply(
        configMap("theirs", {}),
        configMap("ours", ours),
        { ...secret("theirs", "Opaque", {}) },
        workload({}),
        ...binding("operator", ["gatewayparameters.gatewright.dev"]),
        ...binding("deployer", ["gatewayparameters.gatewright.dev", "deployments.apps"]),
      );
      // A policy is enforced some time after it was written.
      await eventually(async () => {
        match(await refusal(controller, ["delete", "configmap/theirs"]), /may write only what is labelled/);
        match(await refusal("operator", ["create"], parameters({ pod: { hostNetwork: true } })), /may not create/);
      }, 60_000);
    });

    for (const [what, args, object, expected] of [
      ["create a ConfigMap of its own", ["create"], configMap("new", ours), /^$/],
      ["create a ConfigMap without its label", ["create"], configMap("new", {}), /may write only what is labelled/],
      ["delete a ConfigMap of its own", ["delete", "configmap/ours"], undefined, /^$/],
      ["change somebody's ConfigMap", ["label", "configmap/theirs", "a=b"], undefined, /what is labelled/],
      ["make it its own", ["apply", "--server-side"], configMap("theirs", ours), /what is labelled/],
      ["give a ConfigMap up", ["label", "configmap/ours", `${Object.keys(ours)[0]}-`], undefined, /what is labelled/],
      ["replace somebody's Secret", ["apply", "--server-side"], secret("theirs", "Opaque", ours), /what is labelled/],
      ["create a Secret", ["create"], secret("new", "Opaque", ours), /only Secrets of its own types/],
      ["create a proxy's Secret", ["create"], secret("new", "gatewright.dev/proxy-certificate", ours), /^$/],
      ["run a proxy", ["apply", "--server-side"], workload({}, "new"), /^$/],
      [
        "run a pod with a token",
        ["apply", "--server-side"],
        workload({ automountServiceAccountToken: true }, "new"),
        /run only pods without privileges/,
      ],
      [
        "run a pod with a token in a volume",
        ["apply", "--server-side"],
        workload(volume({ projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }), "new"),
        /run only pods without privileges/,
      ],
      [
        "run a pod with the node's files",
        ["apply", "--server-side"],
        workload(volume({ hostPath: { path: "/" } }), "new"),
        /run only pods without privileges/,
      ],
      [
        "run a privileged pod",
        ["apply", "--server-side"],
        workload({ containers: [{ name: "envoy", image: "x", securityContext: { privileged: true } }] }, "new"),
        /run only pods without privileges/,
      ],
      [
        "run pods that see the node's processes",
        ["apply", "--server-side"],
        workload({ hostPID: true }, "new"),
        /run only/,
      ],
      [
        "hold a class",
        [
          "patch",
          "gatewayclass/gatewright",
          "--type=merge",
          `--patch=${JSON.stringify({ metadata: { finalizers: ["a.b/c"] } })}`,
        ],
        undefined,
        /^$/,
      ],
      [
        "change what a class says",
        [
          "patch",
          "gatewayclass/gatewright",
          "--type=merge",
          `--patch=${JSON.stringify({ spec: { description: "x" } })}`,
        ],
        undefined,
        /may not change what a GatewayClass says/,
      ],
    ] as const) {
      test(`the controller ${expected.source === "^$" ? "may" : "may not"} ${what}`, async () => {
        match(await refusal(controller, args, object), expected);
      });
    }

    test("what somebody has added to the proxies by hand does not keep the controller from changing them", async () => {
      const added = volume({ hostPath: { path: "/var/log" } });
      await cluster.kubectl(
        ["apply", "--server-side", "--field-manager=somebody", "--force-conflicts", "--filename=-"],
        JSON.stringify(workload(added)),
      );
      equal(await refusal(controller, ["label", "deployment/proxy", "a=b"]), "");
      match(
        await refusal(
          controller,
          ["apply", "--server-side", "--force-conflicts"],
          workload(volume({ hostPath: { path: "/" } }, "more")),
        ),
        /run only/,
      );
    });

    test("who may not create pods describes none in GatewayParameters", async () => {
      const image = { envoy: { image: "example.com/miner" } };
      const withImage = parameters(image);
      equal(await refusal("operator", ["create"], parameters({ workload: { replicas: 2 } })), "");
      match(
        await refusal("operator", ["create"], withImage),
        /say what runs in namespace shop, where operator may not create deployments. Leave them out/,
      );
      equal(await refusal("deployer", ["create"], withImage), "");
      const bootstrap = (text: string) => ({ envoy: { ...image.envoy, extraBootstrap: { flags_path: text } } });
      match(await refusal("operator", ["create"], parameters(bootstrap("/x"))), /may not create deployments/);
      await cluster.apply(parameters(bootstrap("/x")));
      const others = { ...bootstrap("/x"), workload: { replicas: 3 } };
      const apply = ["apply", "--server-side", "--force-conflicts"];
      equal(await refusal("operator", apply, parameters(others)), "");
      match(await refusal("operator", apply, parameters(bootstrap("/y"))), /may not create deployments/);
      match(await refusal("operator", apply, parameters({ envoy: { image: "other" } })), /may not create deployments/);
    });
  });

  test("with `watchNamespaces` it serves these, and has rights in no others", async () => {
    // What an installation for all namespaces has left.
    await cluster.kubectl(["delete", "clusterrolebinding/gatewright-namespaces", "--ignore-not-found"]);
    await cluster.kubectl(["apply", "--server-side", "--filename=-"], template("--set=watchNamespaces={shop}"));
    const edge = gateway([80]);
    await cluster.apply(...backend, edge, { ...edge, metadata: { name: "edge", namespace: "blog" } }, route);
    await cluster.kubectl(["-n", "shop", "wait", "--for=condition=Programmed", "gateway/edge", "--timeout=120s"]);
    const address = await cluster.kubectl([
      "-n",
      "shop",
      "get",
      "gateway/edge",
      "--output=jsonpath={.status.addresses[0].value}",
    ]);
    match(
      await eventually(() => cluster.execute(["curl", "--silent", "--fail", `http://${address}/`]), 60_000),
      /^web-/,
    );

    const conditions = await cluster.kubectl([
      "-n",
      "blog",
      "get",
      "gateway/edge",
      "--output=jsonpath={.status.conditions[*].status}",
    ]);
    equal(conditions, "Unknown Unknown");
    const logs = await cluster.kubectl(["-n", "gatewright-system", "logs", "deployment/gatewright"]);
    equal(
      logs
        .split("\n")
        .filter((line) => /forbidden/i.test(line))
        .join("\n"),
      "",
    );
    const requests = ["shop", "blog", "kube-system"].flatMap((namespace) =>
      ["secrets", "gateways.gateway.networking.k8s.io", "deployments.apps"].map((resource) => ({
        user: controller,
        verb: "list",
        resource,
        namespace,
      })),
    );
    deepEqual(
      await allowed(cluster, requests),
      requests.map(({ namespace }) => namespace === "shop"),
    );
  });
});

function on(name: string): string {
  return `--set=monitoring.${name}.enabled=true`;
}

function metadata(name: string, labels: object) {
  return { name, namespace: "shop", labels };
}

function configMap(name: string, labels: object): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metadata(name, labels) };
}

function secret(name: string, type: string, labels: object): object {
  return { apiVersion: "v1", kind: "Secret", metadata: metadata(name, labels), type };
}

function workload(pod: object, name = "proxy"): object {
  const labels = { app: name };
  const spec = { automountServiceAccountToken: false, containers: [{ name: "envoy", image: "x" }], ...pod };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(name, ours),
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function volume(source: object, name = "added"): object {
  return { volumes: [{ name, ...source }] };
}

function parameters(spec: object): object {
  return { apiVersion: "gatewright.dev/v1alpha1", kind: "GatewayParameters", metadata: metadata("edge", {}), spec };
}

/** A user who may write these resources in the shop's namespace. */
function binding(user: string, resources: readonly string[]): readonly object[] {
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: metadata(user, {}),
      rules: resources.map((name) => {
        const [resource = "", ...group] = name.split(".");
        return { apiGroups: [group.join(".")], resources: [resource], verbs: ["get", "create", "update", "patch"] };
      }),
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: metadata(user, {}),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user },
      subjects: [{ kind: "User", name: user }],
    },
  ];
}
