import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { DiagnosisJson } from "../../src/cli/print-diagnosis.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { deadWebhook, incidents, namespaceNamed, nodeAhead, secondInstallation } from "./fixtures/incidents.ts";
import { controllers } from "./fixtures/pods.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";

const manifests = join(import.meta.dirname, "../../manifests/gatewright.yaml");
const program = join(import.meta.dirname, "../../src/cli/main.ts");

interface Answer extends DiagnosisJson {
  readonly exitCode: number;
}

const gatewayOfNobody = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  spec: { gatewayClassName: "nobody", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
};

describe("doctor", { ...needsRoot, timeout: 600_000 }, () => {
  let shop: Shop;
  before(async () => {
    shop = await startShop({ name: "doctor-test" });
  });
  after(async () => await shop?.stop());

  /** What `gatewright doctor` says in the cluster's network, of whoever the kubeconfig is about. */
  const doctor = (...args: readonly string[]): Promise<Answer> => doctorOf([], ...args);
  const doctorOf = async (nodeOptions: readonly string[], ...args: readonly string[]): Promise<Answer> => {
    const command = `"$@" 2>&1; printf '\\n%s' $?`;
    const line = [process.execPath, ...nodeOptions, program, "doctor", "--output=json", ...args];
    const printed = await shop.cluster.execute(["sh", "-c", command, "sh", ...line]);
    const end = printed.lastIndexOf("\n");
    const exitCode = Number(printed.slice(end + 1));
    try {
      return { ...JSON.parse(printed.slice(0, end)), exitCode };
    } catch {
      throw new Error(`exit code ${exitCode}: ${printed}`);
    }
  };
  /** Asks until doctor names all of these. */
  const named = (expected: readonly (readonly [code: string, place: string, message: RegExp])[]) =>
    eventually(async () => {
      const answer = await doctor();
      equal(answer.exitCode, answer.errors > 0 ? 1 : 0);
      const places = answer.findings.map(({ code, resource, message }) => ({
        code,
        place: placeOf(resource),
        message,
      }));
      const missing = expected.filter(
        ([code, place, message]) =>
          !places.some((it) => it.code === code && it.place.startsWith(place) && message.test(it.message)),
      );
      deepEqual(missing, [], JSON.stringify(places, undefined, 1));
      for (const { check, code, remedy } of answer.findings)
        ok(remedy !== undefined || check === "What is written", code);
      return answer;
    }, 120_000);
  /** Waits until the policy against statuses is in force, which the API server takes a while for: else one may be written before. */
  const statusRefused = async () => {
    const gateway = { ...gatewayOfNobody, metadata: { name: "probe", namespace: "status-refused" } };
    await shop.cluster.apply(gateway);
    const patch = ["--subresource=status", "--type=merge", '--patch={"status":{"addresses":[]}}', "--dry-run=server"];
    await eventually(
      () =>
        rejects(shop.cluster.kubectl(["patch", "--namespace=status-refused", "gateway/probe", ...patch]), /not here/),
      60_000,
    );
    await shop.cluster.kubectl(["delete", "--namespace=status-refused", "gateway/probe"]);
  };
  const healthy = () =>
    eventually(async () => {
      const { exitCode, findings, checks } = await doctor();
      deepEqual(findings, []);
      equal(exitCode, 0);
      equal(
        checks.every(({ outcome }) => outcome === "ok"),
        true,
      );
    }, 120_000);

  test("of a healthy cluster, that nothing is wrong; of a machine whose clock is wrong, that it is", async () => {
    await healthy();
    const { findings, exitCode } = await doctorOf([
      "--import",
      `data:text/javascript,${encodeURIComponent(tenMinutesAhead)}`,
    ]);
    deepEqual(
      findings.map(({ severity, code, message }) => `${severity} ${code}: ${message.replace(/:.*/, "")}`),
      ["warning clock-skew: This machine's clock is 10 min ahead of the API server's"],
    );
    equal(exitCode, 0);
  });

  test("what is wrong in a namespace, each with its cause", async () => {
    const { cert, key } = await expired();
    const all = incidents({ certificate: cert, key });
    await shop.cluster.apply(...all.map(({ namespace }) => namespaceNamed(namespace)));
    const objects = all.flatMap((incident) => incident.objects);
    const policies = objects.filter(isAdmissionPolicy);
    const others = objects.filter((object) => !isAdmissionPolicy(object));
    await shop.cluster.apply(...policies);
    await statusRefused();
    await shop.cluster.apply(...others);
    const ofHostPorts = (...args: readonly string[]) => shop.cluster.kubectl(["--namespace=host-ports", ...args]);
    await ofHostPorts("wait", "--for=create", "deployment/edge-gatewright", "--timeout=60s");
    await ofHostPorts("rollout", "status", "deployment/edge-gatewright", "--timeout=120s");
    await ofHostPorts("rollout", "restart", "deployment/edge-gatewright");
    await named(all.flatMap(({ expected }) => expected));
    await shop.kubectl("delete", "namespace", ...all.map(({ namespace }) => namespace));
    await shop.kubectl("delete", "gatewayclass", "nobodys", "misspelt");
    for (const kind of ["validatingadmissionpolicy", "validatingadmissionpolicybinding"]) {
      await shop.kubectl("delete", kind, "no-pods", "no-status");
    }
    await healthy();
  });

  test("what is wrong with the cluster", async () => {
    const patch = (object: string, change: object, ...more: readonly string[]) =>
      shop.kubectl("patch", object, "--type=merge", `--patch=${JSON.stringify(change)}`, ...more);
    await shop.cluster.apply(deadWebhook, ...nodeAhead());
    const udp = "crd/udproutes.gateway.networking.k8s.io";
    await patch(udp, { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.6.0" } } });
    const tcp = "crd/tcproutes.gateway.networking.k8s.io";
    await patch(tcp, { status: { storedVersions: ["v1alpha2", "v1"] } }, "--subresource=status");
    const role = JSON.parse(await shop.kubectl("get", "clusterrole/gatewright", "--output=json"));
    const rules = role.rules.filter(
      ({ resources }: { resources: readonly string[] }) => !resources.includes("gatewayclasses/status"),
    );
    await patch("clusterrole/gatewright", { rules });
    await named([
      ["webhook-in-the-way", "ValidatingWebhookConfiguration left-over", /left-over\/webhook does not exist/],
      ["clock-skew", "Node ahead", /Node ahead has a clock that is 10 min ahead/],
      ["mixed-definitions", "CustomResourceDefinition udproutes.", /v1\.6\.0: udproutes/],
      ["stored-version", "CustomResourceDefinition tcproutes.", /stored as v1alpha2/],
      ["missing-permission", "ServiceAccount gatewright-system/gatewright", /patch gatewayclasses.*\/status/],
    ]);
    await patch("clusterrole/gatewright", { rules: role.rules });
    await patch(tcp, { status: { storedVersions: ["v1"] } }, "--subresource=status");
    await patch(udp, { metadata: { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.7.0" } } });
    await shop.kubectl("delete", "validatingwebhookconfiguration/left-over", "node/ahead");
    await shop.kubectl("delete", "--namespace=kube-node-lease", "lease/ahead", "--ignore-not-found");
    await healthy();
  });

  test("two controllers", async () => {
    const second = secondInstallation(readFileSync(manifests, "utf8"));
    await shop.cluster.apply(...second);
    await named([["two-controllers", "Deployment gatewright-two/gatewright", /2 controllers answer to/]]);
    await shop.kubectl("delete", "namespace/gatewright-two");
    await shop.kubectl("delete", "clusterrolebinding", ...second.flatMap(nameOfBinding));
    await healthy();
  });

  test("a controller that can't be updated, and one that is gone", async () => {
    const controller = (...args: readonly string[]) => shop.controllerKubectl(...args);
    await controller("set", "image", "deployment/gatewright", "controller=registry.invalid/gatewright:1");
    await named([
      ["image-not-pulled", "Pod gatewright-system/gatewright-", /registry.invalid\/gatewright:1 can't be pulled/],
    ]);
    await controller("rollout", "undo", "deployment/gatewright");
    const flag = { op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--no-such-flag" };
    await controller("patch", "deployment/gatewright", "--type=json", `--patch=${JSON.stringify([flag])}`);
    await named([["pod-crashes", "Pod gatewright-system/gatewright-", /ends again and again: exit code 2/]]);
    await controller("rollout", "undo", "deployment/gatewright");
    await controller("scale", "deployment/gatewright", "--replicas=0");
    await controller("wait", "--for=delete", "pod", `--selector=${controllers}`, "--timeout=60s");
    const patch = (change: object) => `--patch=${JSON.stringify(change)}`;
    const elsewhere = patch({ status: { addresses: [{ type: "IPAddress", value: "10.97.3.3" }] } });
    await shop.kubectl("patch", "gateway/edge", "--subresource=status", "--type=merge", elsewhere);
    const { cert } = await expired();
    const outdated = patch({ data: { "tls.crt": Buffer.from(cert).toString("base64") } });
    await controller("patch", "secret/gatewright-authority", "--type=merge", outdated);
    await shop.kubectl("delete", "crd/udproutes.gateway.networking.k8s.io");
    await named([
      ["controller-not-running", "Deployment gatewright-system/gatewright", /scaled to 0/],
      [
        "address-mismatch",
        "Gateway shop/edge",
        /10\.97\.3\.3, which is not an address of Service shop\/edge-gatewright/,
      ],
      ["proxy-not-connected", "Pod shop/edge-gatewright-", /not connected to the controller/],
      ["expired-certificate", "Secret gatewright-system/gatewright-authority", /authority .* expired on 2021-01-01/],
      ["missing-definition", "CustomResourceDefinition udproutes.", /does not have udproutes/],
    ]);
    await controller("delete", "deployment/gatewright", "lease/gatewright");
    await named([["controller-not-found", "GatewayClass gatewright", /no controller runs in the cluster/]]);
  });

  test("whoever may read little, or nothing, is told so", async () => {
    const admin = JSON.parse(readFileSync(shop.cluster.kubeconfig, "utf8"));
    const kubeconfig = join(shop.cluster.folder, "limited.kubeconfig");
    const [user] = admin.users;
    const limited = { ...user, user: { ...user.user, as: "somebody" } };
    const [context] = admin.contexts;
    const contexts = [{ ...context, context: { ...context.context, namespace: "shop" } }];
    writeFileSync(kubeconfig, JSON.stringify({ ...admin, users: [limited], contexts }));
    await shop.kubectl("create", "rolebinding", "somebody", "--clusterrole=view", "--user=somebody");
    const answer = await doctor("--kubeconfig", kubeconfig);
    equal(answer.exitCode, 2);
    match(answer.unread.join("\n"), /You may not read all of these kinds: .*CustomResourceDefinition.*Deployment/);
    deepEqual(
      answer.findings.map(({ code }) => code),
      ["partly-readable"],
    );
    const nowhere = { ...admin, clusters: [{ name: "test", cluster: { server: "https://127.0.0.1:1" } }] };
    writeFileSync(kubeconfig, JSON.stringify(nowhere));
    const printed = await shop.cluster.execute([
      "sh",
      "-c",
      `"$@" 2>&1; echo $?`,
      "sh",
      process.execPath,
      program,
      "doctor",
      "--kubeconfig",
      kubeconfig,
    ]);
    match(printed, /The API server at https:\/\/127\.0\.0\.1:1 can't be reached.*\n2\n$/s);
  });
});

const tenMinutesAhead = `
const Real = Date;
const ahead = 600_000;
globalThis.Date = class extends Real {
  constructor(...args) {
    args.length === 0 ? super(Real.now() + ahead) : super(...args);
  }
  static now() {
    return Real.now() + ahead;
  }
};
`;

function expired(): Promise<{ readonly cert: string; readonly key: string }> {
  return createAuthority().then((authority) => authority.issue(["a.example.com"], "ECDSA", new Date("2021-01-01")));
}

function isAdmissionPolicy(object: object): boolean {
  const { kind }: { kind?: string } = object;
  return kind?.startsWith("ValidatingAdmissionPolicy") === true;
}

function nameOfBinding(object: object): readonly string[] {
  const { kind, metadata }: { kind?: string; metadata?: { name: string } } = object;
  return kind === "ClusterRoleBinding" && metadata !== undefined ? [metadata.name] : [];
}

function placeOf(resource: DiagnosisJson["findings"][number]["resource"]): string {
  if (resource === undefined) return "";
  const { kind, namespace, name } = resource;
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}
