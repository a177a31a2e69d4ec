/**
 * What Envoy refuses, in every kind of resource: only what is to blame is not served, status says so, everything else goes on and
 * changes, a restarted Envoy gets none of it, and it heals. Nobody may write such things, so they are put in after the checks.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { stringify } from "yaml";
import { closeBackends, startBackends } from "../../examples/backends/start.ts";
import { type CertificateAuthority, createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { createMetrics } from "../../src/admin/metrics/metrics.ts";
import type { Tampering } from "../../src/control-plane/tampering.ts";
import { silent } from "../../src/fleet/logger.ts";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";
import type { Rule } from "../../src/ir/rule.ts";
import { readDocuments } from "../../src/resources/read-documents.ts";
import { ObjectTable } from "../../src/sources/files/object-table.ts";
import { localProxy, Standalone } from "../../src/standalone/standalone.ts";
import { problemsOf } from "../../src/status/problems.ts";
import { httpClient } from "./harness/http-client.ts";
import { freeOffset, ownLoopback } from "./harness/ports.ts";
import { endpointSlice, gateway, gatewayClass, httpRoute, type Resource, service } from "./harness/resources.ts";
import { stepFilter } from "./harness/steps.ts";
import { eventually } from "./harness/wait.ts";

const loopback = ownLoopback();
const isPoison = (name: string): boolean => name.includes("poison");

/** Whatever is called poison, Envoy refuses. */
const tampering: Tampering = {
  hostTables: (table) => ({ ...table, rules: table.rules.map(tamperRule) }),
  clusters: (cluster) =>
    isPoison(cluster.name) ? { ...cluster, discovery: { kind: "dns", hostname: "", port: 0 } } : cluster,
  endpoints: (set) =>
    set.name.includes("lost")
      ? { ...set, groups: [{ weight: 1, endpoints: [{ address: "nowhere", port: 1, health: "healthy" }] }] }
      : set,
  listeners: (listener) => ({
    ...listener,
    chains: listener.chains.map((chain) =>
      chain.tls !== undefined && isPoison(chain.serverNames.join())
        ? { ...chain, tls: { ...chain.tls, parameters: { cipherSuites: ["NONE-SUCH"] } } }
        : chain,
    ),
  }),
  certificates: (certificate) =>
    isPoison(certificate.name) ? { ...certificate, certificateChain: "none" } : certificate,
};

function tamperRule(rule: Rule): Rule {
  const step = rule.responseHeaders?.set.find(({ value }) => isPoison(value));
  if (step === undefined) return rule;
  return { ...rule, responseHeaders: { set: [{ ...step, value: "a\nb" }], add: [], remove: [] } };
}

const http = { name: "http", port: 80, protocol: "HTTP" };

function https(name: string, hostname: string, secret = "good"): Resource {
  const tls = { mode: "Terminate", certificateRefs: [{ name: secret }] };
  return { name, port: 443, protocol: "HTTPS", hostname, tls };
}

interface Stage {
  readonly standalone: Standalone;
  readonly authority: CertificateAuthority;
  readonly write: (file: string, ...resources: readonly Resource[]) => void;
  readonly settled: () => Promise<void>;
  /** The step of the version that answers, or the status if that isn't 200. */
  readonly ask: (host: string, options?: { readonly path?: string; readonly secure?: boolean }) => Promise<string>;
  /** What the status of an object complains about, as `Type Reason`. */
  readonly problems: (key: string) => readonly string[];
  readonly message: (key: string) => string;
  readonly rejected: () => Promise<readonly string[]>;
  readonly restartEnvoy: () => Promise<void>;
  /** Every other host is served, and takes a change. */
  readonly othersGoOn: () => Promise<void>;
}

async function stage(t: TestContext): Promise<Stage> {
  const backends = await startBackends(
    ["a", "b"].map((name, index) => ({
      service: name,
      protocol: "http",
      host: `${loopback}.${index + 1}`,
      port: 7201,
    })),
  );
  t.after(() => closeBackends(backends));
  const authority = await createAuthority();
  const offset = await freeOffset([80, 443]);
  const { path } = await resolveEnvoy();
  const metrics = createMetrics("test");
  const standalone = await Standalone.create({
    envoy: path,
    logger: silent,
    portOffset: offset,
    drainMilliseconds: 0,
    observer: metrics.observer,
    tampering,
  });
  t.after(() => standalone.kill());
  const table = new ObjectTable();
  const writeText = (file: string, text: string): void =>
    standalone.controlPlane.apply(table.apply([{ file, documents: readDocuments(text, file) }]));
  const write: Stage["write"] = (file, ...resources) =>
    writeText(file, resources.map((resource) => stringify(resource)).join("---\n"));
  const pair = await authority.issue(["*.example.com"]);
  writeText("secrets.yaml", [tlsSecret("default", "good", pair), tlsSecret("default", "poison", pair)].join("---\n"));
  write("gateway.yaml", gatewayClass(), gateway("edge", [http, https("a", "a.example.com")]));
  for (const [index, name] of ["a", "b", "poison", "lost"].entries())
    write(`${name}.yaml`, service(name), endpointSlice(name, 7201, [{ address: `${loopback}.${(index % 2) + 1}` }]));
  write("a-route.yaml", httpRoute("a", "a.example.com", [{ name: "a" }], [stepFilter("1")]));
  write("b-route.yaml", httpRoute("b", "b.example.com", [{ name: "b" }], [stepFilter("1")]));
  const envoy = await standalone.startEnvoy();
  const settled = () => standalone.xds.delivery.whenSettled(localProxy);
  await settled();

  const ask: Stage["ask"] = async (host, { path: asked = "/", secure = false } = {}) => {
    const client = httpClient((secure ? 443 : 80) + offset, secure ? { ca: authority.certificate } : {});
    try {
      const { status, headers } = await client.send({ host, path: asked });
      return status === 200 ? String(headers["x-step"]) : String(status);
    } finally {
      client.close();
    }
  };
  const problemsWith = (key: string) => {
    const status = standalone.controlPlane.status.get(key);
    ok(status !== undefined, `${key} has no status`);
    return problemsOf(status);
  };
  let step = 1;
  return {
    standalone,
    authority,
    write,
    settled,
    ask,
    problems: (key) => problemsWith(key).map(({ condition: { type, reason } }) => `${type} ${reason}`),
    message: (key) =>
      problemsWith(key)
        .map(({ condition }) => condition.message)
        .join("\n"),
    rejected: async () =>
      (await metrics.render())
        .split("\n")
        .filter((line) => /^gatewright_xds_rejected_resources\{.* [1-9]/.test(line))
        .map((line) => line.replace(/.*type="(\w+)".*/, "$1")),
    restartEnvoy: async () => {
      const { state } = envoy;
      ok(state.state === "live");
      const restarting = envoy.when((now) => now.state === "restarting");
      process.kill(state.pid, "SIGKILL");
      await restarting;
      await envoy.when((now) => now.state === "live");
      await settled();
    },
    othersGoOn: async () => {
      step += 1;
      const route = httpRoute("b", "b.example.com", [{ name: "b" }], [stepFilter(String(step))]);
      write("b-route.yaml", route);
      await eventually(async () => equal(await ask("b.example.com"), String(step)));
      equal(await ask("a.example.com"), "1");
      equal(await ask("a.example.com", { secure: true }), "1");
    },
  };
}

/** A route with one good rule, and one with this backend and step. */
function twoRules(backend: string, step: string): Resource {
  const route = httpRoute("mixed", "mixed.example.com", [{ name: "a" }], [stepFilter("1")]);
  const rules = [
    {
      matches: [{ path: { type: "PathPrefix", value: "/bad" } }],
      filters: [stepFilter(step)],
      backendRefs: [{ name: backend, port: 80 }],
    },
    { filters: [stepFilter("1")], backendRefs: [{ name: "a", port: 80 }] },
  ];
  return { ...route, spec: { parentRefs: [{ name: "edge" }], hostnames: ["mixed.example.com"], rules } };
}

test("what Envoy refuses is contained, in every kind of resource", async (t) => {
  const made = await stage(t);
  const { write, ask, problems, message, rejected, restartEnvoy, othersGoOn, settled } = made;

  await t.test("a rule", async () => {
    write("mixed.yaml", twoRules("a", "poison"));
    await settled();
    const served = async () => {
      equal(await ask("mixed.example.com", { path: "/bad" }), "500");
      equal(await ask("mixed.example.com"), "1");
      deepEqual(problems("HTTPRoute/default/mixed"), ["PartiallyInvalid UnsupportedValue"]);
      match(
        message("HTTPRoute/default/mixed"),
        /Dropped Rule, answered with 500: spec\.rules\[0\]\S*: Envoy refuses it/,
      );
      deepEqual(await rejected(), ["ScopedRouteConfiguration"]);
      await othersGoOn();
    };
    await served();
    await restartEnvoy();
    await served();
    write("mixed.yaml", httpRoute("mixed", "mixed.example.com", [{ name: "a" }], [stepFilter("poison")]));
    await settled();
    equal(await ask("mixed.example.com"), "500");
    deepEqual(problems("HTTPRoute/default/mixed"), ["Accepted UnsupportedValue"]);
    write("mixed.yaml", twoRules("a", "2"));
    await eventually(async () => equal(await ask("mixed.example.com", { path: "/bad" }), "2"));
    deepEqual(problems("HTTPRoute/default/mixed"), []);
    deepEqual(await rejected(), []);
  });

  await t.test("a cluster", async () => {
    write("mixed.yaml", twoRules("poison", "1"));
    await settled();
    const served = async () => {
      equal(await ask("mixed.example.com", { path: "/bad" }), "500");
      equal(await ask("mixed.example.com"), "1");
      deepEqual(problems("HTTPRoute/default/mixed"), ["ResolvedRefs RefusedByEnvoy"]);
      deepEqual(await rejected(), ["Cluster"]);
      await othersGoOn();
    };
    await served();
    await restartEnvoy();
    await served();
    write("mixed.yaml", twoRules("a", "2"));
    await eventually(async () => equal(await ask("mixed.example.com", { path: "/bad" }), "2"));
    await eventually(async () => deepEqual(await rejected(), []));
    deepEqual(problems("HTTPRoute/default/mixed"), []);
  });

  await t.test("endpoints", async () => {
    write("mixed.yaml", twoRules("lost", "1"));
    await settled();
    const served = async () => {
      equal(await ask("mixed.example.com", { path: "/bad" }), "503");
      equal(await ask("mixed.example.com"), "1");
      deepEqual(await rejected(), ["ClusterLoadAssignment"]);
      deepEqual(problems("HTTPRoute/default/mixed"), ["ResolvedRefs RefusedByEnvoy"]);
      await othersGoOn();
    };
    await served();
    await restartEnvoy();
    await served();
    write("mixed.yaml", twoRules("a", "2"));
    await eventually(async () => deepEqual(await rejected(), []));
  });

  await t.test("one of the listeners on a socket", async () => {
    write(
      "gateway.yaml",
      gatewayClass(),
      gateway("edge", [http, https("a", "a.example.com"), https("p", "poison.example.com")]),
    );
    await settled();
    const served = async () => {
      await othersGoOn();
      deepEqual(problems("Gateway/default/edge"), ["Programmed Invalid"]);
      match(message("Gateway/default/edge"), /Envoy refused the listener: .*NONE-SUCH/);
      deepEqual(await rejected(), ["Listener"]);
      await ask("poison.example.com", { secure: true }).then(
        (answer) => ok(false, answer),
        () => undefined,
      );
    };
    await served();
    await restartEnvoy();
    await served();
    write("gateway.yaml", gatewayClass(), gateway("edge", [http, https("a", "a.example.com")]));
    await settled();
    deepEqual(problems("Gateway/default/edge"), []);
    deepEqual(await rejected(), []);
  });

  await t.test("a certificate", async () => {
    const listeners = [http, https("a", "a.example.com"), https("c", "c.example.com", "poison")];
    write("gateway.yaml", gatewayClass(), gateway("edge", listeners));
    await settled();
    const served = async () => {
      await eventually(othersGoOn);
      deepEqual(await rejected(), ["Secret"]);
      deepEqual(problems("Gateway/default/edge"), ["Programmed Invalid"]);
    };
    await served();
    await restartEnvoy();
    await served();
    write("gateway.yaml", gatewayClass(), gateway("edge", [http, https("a", "a.example.com")]));
    await eventually(async () => deepEqual(await rejected(), []));
    deepEqual(problems("Gateway/default/edge"), []);
  });
});
