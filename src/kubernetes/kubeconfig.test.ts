import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stringify } from "yaml";
import { inCluster } from "./in-cluster.ts";
import { findCluster } from "./kubeconfig.ts";

describe("findCluster", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  function write(name: string, content: string): string {
    const file = join(directory, name);
    writeFileSync(file, content);
    return file;
  }

  function kubeconfig(user: unknown, cluster: object = {}): string {
    return write(
      "config",
      stringify({
        "current-context": "test",
        clusters: [{ name: "c", cluster: { server: "https://api:6443", ...cluster } }],
        users: [{ name: "u", user }],
        contexts: [{ name: "test", context: { cluster: "c", user: "u", namespace: "shop" } }],
      }),
    );
  }

  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  const cases: Readonly<Record<string, readonly [user: () => unknown, credential: unknown]>> = {
    nothing: [() => ({}), { headers: {} }],
    "a token": [() => ({ token: "t" }), { headers: { authorization: "Bearer t" } }],
    "a token file beside it, which wins over a token": [
      () => {
        write("token", "from-file\n");
        return { token: "t", tokenFile: "token" };
      },
      { headers: { authorization: "Bearer from-file" } },
    ],
    "name and password": [
      () => ({ username: "ann", password: "pw" }),
      { headers: { authorization: `Basic ${base64("ann:pw")}` } },
    ],
    "a certificate, and somebody else's name": [
      () => ({
        "client-certificate-data": base64("cert"),
        "client-key": write("key", "key"),
        as: "bob",
        "as-groups": ["g", "h"],
      }),
      { headers: { "impersonate-user": "bob", "impersonate-group": ["g", "h"] }, cert: "cert", key: "key" },
    ],
  };
  for (const [name, [user, expected]] of Object.entries(cases)) {
    test(`credentials: ${name}`, async () => {
      const access = findCluster({ kubeconfig: kubeconfig(user(), { "certificate-authority-data": base64("ca") }) });
      const { ca, ...credential } = await access.credential();
      equal(ca, "ca");
      deepEqual(JSON.parse(JSON.stringify(credential)), expected);
    });
  }

  test("a credential plugin: run once until it expires or is refused, told of the cluster, and named when it fails", async () => {
    write(
      "plugin",
      `#!/bin/sh
count=$(cat "$COUNT" 2>/dev/null || echo 0); echo $((count + 1)) > "$COUNT"
server=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/.*"server":"\\([^"]*\\)".*/\\1/')
echo "{\\"status\\":{\\"token\\":\\"$count $server\\",\\"expirationTimestamp\\":\\"$EXPIRES\\"}}"`,
    );
    chmodSync(join(directory, "plugin"), 0o700);
    const plugin = (expires: string, name: string) => ({
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "./plugin",
        env: [
          { name: "COUNT", value: join(directory, name) },
          { name: "EXPIRES", value: expires },
        ],
        provideClusterInfo: true,
        interactiveMode: "Never",
      },
    });
    const access = findCluster({ kubeconfig: kubeconfig(plugin("2999-01-01T00:00:00Z", "lasting")) });
    const token = async () => (await access.credential()).headers["authorization"];
    deepEqual(await Promise.all([token(), token()]), ["Bearer 0 https://api:6443", "Bearer 0 https://api:6443"]);
    access.refused();
    equal(await token(), "Bearer 1 https://api:6443");

    const expired = findCluster({ kubeconfig: kubeconfig(plugin("2001-01-01T00:00:00Z", "expiring")) });
    await expired.credential();
    match(String((await expired.credential()).headers["authorization"]), /^Bearer 1 /);

    const exec = { command: "no-such-plugin", interactiveMode: "Never", installHint: "Install it." };
    const failing = findCluster({ kubeconfig: kubeconfig({ exec }) });
    await rejects(failing.credential(), {
      name: "AccessError",
      message: /no-such-plugin .*(ENOENT|EACCES).*\nInstall it\.$/s,
    });
  });

  test("several files are one, and --context chooses", async () => {
    const first = kubeconfig({ token: "first" });
    const second = write(
      "second",
      stringify({
        "current-context": "other",
        users: [{ name: "u", user: { token: "second" } }],
        contexts: [{ name: "other", context: { cluster: "c", user: "u" } }],
      }),
    );
    const environment = { KUBECONFIG: `${second}:${join(directory, "absent")}:${first}` };
    const access = findCluster({}, environment);
    equal(access.namespace, "default");
    equal((await access.credential()).headers["authorization"], "Bearer second");
    equal(findCluster({ context: "test" }, environment).namespace, "shop");
  });

  test("says what is missing", () => {
    const file = kubeconfig({});
    throws(() => findCluster({ kubeconfig: file, context: "x" }), /has no context x\. It has: test\./);
    throws(() => findCluster({ kubeconfig: join(directory, "absent") }), /absent does not exist/);
    throws(() => findCluster({}, { KUBECONFIG: join(directory, "absent") }), /There is no kubeconfig/);
    throws(() => findCluster({ kubeconfig: write("broken", "a: [") }), /broken can't be read/);
    throws(
      () => findCluster({ kubeconfig: kubeconfig({ "auth-provider": { name: "gcp" } }) }),
      /auth-provider gcp.*credential plugin/,
    );
  });

  test("in a pod: the service account, and its token again once it was refused", async () => {
    const environment = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" };
    equal(inCluster({}, directory), undefined);
    write("namespace", "gatewright-system");
    write("ca.crt", "ca");
    write("token", "one");
    const access = inCluster(environment, directory);
    equal(access?.server, "https://[fd00::1]:443");
    equal(access?.namespace, "gatewright-system");
    deepEqual(await access?.credential(), { headers: { authorization: "Bearer one" }, ca: "ca" });
    write("token", "two");
    equal((await access?.credential())?.headers["authorization"], "Bearer one");
    access?.refused();
    equal((await access?.credential())?.headers["authorization"], "Bearer two");
  });
});
