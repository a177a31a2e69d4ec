import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { bounded, eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { type CertManager, startCertManager } from "./fixtures/cert-manager.ts";
import type { Handshakes } from "./fixtures/handshakes.ts";
import { backend, namespace, route } from "./fixtures/shop.ts";
import { installGatewright, needsRoot } from "./fixtures/start-shop.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";
const annotations = {
  "cert-manager.io/cluster-issuer": "authority",
  "cert-manager.io/private-key-algorithm": "ECDSA",
  "cert-manager.io/private-key-size": "256",
};

/** Its Secret does not exist before cert-manager makes it. */
const gateway = {
  apiVersion: gatewayApi,
  kind: "Gateway",
  metadata: { name: "edge", namespace: "shop", annotations },
  spec: {
    gatewayClassName: "gatewright",
    listeners: [listener("shop.example.com", "shop-tls")],
    allowedListeners: { namespaces: { from: "Same" } },
  },
};

/** A team's own listener on it, for which cert-manager takes the Gateway's issuer. */
const listenerSet = {
  apiVersion: gatewayApi,
  kind: "ListenerSet",
  metadata: { name: "blog", namespace: "shop" },
  spec: { parentRef: { name: "edge" }, listeners: [listener("blog.example.com", "blog-tls")] },
};

describe("cert-manager", { ...needsRoot, timeout: 540_000 }, () => {
  let cluster: TestCluster;
  let certManager: CertManager | undefined;
  let address = "";
  let authority = "";
  const kubectl = (...args: readonly string[]) => cluster.kubectl(["--namespace=shop", ...args]);

  before(async () => {
    cluster = await startCluster({ name: "cert-manager-test", channel: "experimental" });
    await cluster.apply(namespace, ...backend);
    const [started] = await Promise.all([startCertManager(cluster), installGatewright(cluster)]);
    certManager = started;
    await kubectl("rollout", "status", "deployment", "--timeout=120s");
  });
  after(async () => {
    await certManager?.stop();
    await cluster?.stop();
  });

  test("the annotation of a Gateway makes it a certificate, by which it is Programmed and serves", async () => {
    const parents = [{ name: "edge" }, { group: "gateway.networking.k8s.io", kind: "ListenerSet", name: "blog" }];
    await cluster.apply(gateway, { ...route, spec: { ...route.spec, parentRefs: parents } });
    await kubectl("wait", "--for=condition=Programmed", "gateway/edge", "--timeout=120s");
    const condition = "{.status.listeners[0].conditions[?(@.type=='Programmed')].status}";
    await kubectl("wait", `--for=jsonpath=${condition}=True`, "gateway/edge", "--timeout=120s");
    address = await kubectl("get", "gateway/edge", "--output=jsonpath={.status.addresses[0].value}");
    authority = join(cluster.folder, "authority.crt");
    writeFileSync(authority, await secret("cert-manager", "authority", "tls.crt"));
    equal(await get("shop.example.com"), "200");
  });

  test("so does that of its ListenerSets, which take the Gateway's issuer", async () => {
    await cluster.apply(listenerSet);
    await kubectl("wait", "--for=condition=Programmed", "listenerset/blog", "--timeout=120s");
    equal(await get("blog.example.com"), "200");
  });

  test("no client notices that a certificate is renewed", async (t) => {
    const load = startHandshakes();
    t.after(load.kill);
    const serials = [await serialOf("shop-tls")];
    await load.settled(serials[0]);
    for (const revision of [2, 3]) {
      await renew("shop-tls", revision);
      const serial = await serialOf("shop-tls");
      notEqual(serial, serials.at(-1));
      await load.settled(serial);
      serials.push(serial);
    }
    const { attempts, succeeded, seconds, failures, served, held } = await load.end();
    t.diagnostic(
      `${attempts} handshakes, ${Math.round(attempts / seconds)} per second, ${attempts - succeeded} failed`,
    );
    deepEqual(failures, {});
    equal(succeeded, attempts);
    deepEqual(Object.keys(served).sort(), serials.sort());
    for (const count of Object.values(served)) ok(count >= 100);
    equal(held.connections, 1);
    ok(held.requests > 1);
  });

  /** Verified against the authority. */
  async function get(host: string): Promise<string> {
    const format = ["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}"];
    const to = ["--resolve", `${host}:443:${address}`, "--cacert", authority, `https://${host}/`];
    return await cluster.execute([
      "curl",
      "--retry",
      "30",
      "--retry-all-errors",
      "--retry-delay",
      "1",
      ...format,
      ...to,
    ]);
  }

  async function secret(of: string, name: string, key: string): Promise<string> {
    const path = `--output=jsonpath={.data.${key.replaceAll(".", "\\.")}}`;
    const encoded = await cluster.kubectl([`--namespace=${of}`, "get", `secret/${name}`, path]);
    return Buffer.from(encoded, "base64").toString("utf8");
  }

  async function serialOf(name: string): Promise<string> {
    return new X509Certificate(await secret("shop", name, "tls.crt")).serialNumber;
  }

  /**
   * As `cmctl renew` does it: a condition `Issuing` with what the Certificate was when it was read. Once more if cert-manager has
   * dropped it without a certificate, as it does when a request fails.
   */
  async function renew(name: string, revision: number): Promise<void> {
    const certificate = `certificate/${name}`;
    const attempt = async (): Promise<void> => {
      const { metadata, status } = JSON.parse(await kubectl("get", certificate, "--output=json"));
      const conditions: readonly { type: string; status: string }[] = status.conditions;
      if (status.revision < revision && !conditions.some((each) => each.type === "Issuing" && each.status === "True")) {
        const issuing = {
          type: "Issuing",
          status: "True",
          reason: "ManuallyTriggered",
          message: "by a test",
          lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ""),
          observedGeneration: metadata.generation,
        };
        const patch = {
          metadata: { resourceVersion: metadata.resourceVersion },
          status: { conditions: [...conditions.filter(({ type }) => type !== "Issuing"), issuing] },
        };
        await kubectl("patch", certificate, "--subresource=status", "--type=merge", `--patch=${JSON.stringify(patch)}`);
      }
      await kubectl("wait", `--for=jsonpath={.status.revision}=${revision}`, certificate, "--timeout=20s");
    };
    try {
      await eventually(attempt, 120_000);
    } catch (cause) {
      const seen = await kubectl("get", "certificates,certificaterequests,events", "--output=yaml");
      throw new Error(`${name} was not renewed:\n${seen}\ncert-manager:\n${certManager?.log()}`, { cause });
    }
  }

  function startHandshakes() {
    const script = join(import.meta.dirname, "fixtures/handshakes.ts");
    const command = cluster.commandLine([process.execPath, script, address, "shop.example.com", authority]);
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the handshakes ended");
      return value;
    };
    return {
      /** Resolves when a hundred connections after one another have shown this certificate. */
      settled: async (serial: string | undefined): Promise<void> => {
        const until = async (): Promise<void> => {
          while ((await next()) !== `settled ${serial}`);
        };
        await bounded(until(), 120_000, `that all are shown the certificate ${serial}`);
      },
      kill: () => child.kill(),
      end: async (): Promise<Handshakes> => {
        child.stdin.end();
        for (;;) {
          const line = await next();
          if (line.startsWith("{")) return JSON.parse(line);
        }
      },
    };
  }
});

function listener(hostname: string, name: string): object {
  return {
    name: "https",
    hostname,
    port: 443,
    protocol: "HTTPS",
    tls: { certificateRefs: [{ name }] },
  };
}
