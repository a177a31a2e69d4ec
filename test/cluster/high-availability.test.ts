import { deepEqual, equal, match, notDeepEqual, notEqual, ok } from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../e2e/harness/wait.ts";
import { updatesOf } from "../zero-loss/envoy-updates.ts";
import { connectedProxies } from "./fixtures/connected-proxies.ts";
import { followPods } from "./fixtures/follow-pods.ts";
import { signalPod } from "./fixtures/pod-processes.ts";
import { controllers, pods, proxies, untilGone, untilReplaced } from "./fixtures/pods.ts";
import { gateway, gatewayParameters } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { type Counts, startTraffic, type Traffic } from "./fixtures/traffic.ts";
import { checkout, redirectRoute, trafficBackend, trafficRoute } from "./fixtures/traffic-objects.ts";

/** What two cores with nothing else to do can hold. */
const requestsPerSecond = Number(process.env["REQUESTS_PER_SECOND"] ?? 1_000);
const streamsOfEachKind = 8;
const drainSeconds = 8;

// Kubernetes' own clients, kube-proxy's among them, wait up to a minute before they try an API server again that was away.
const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 180_000);

const proxyImage = "gatewright.dev/gatewright";

/** What clients see while everything is replaced, killed and stopped: nothing, but those that hang on a proxy that is stopped. */
describe("high availability under load", { ...needsRoot, timeout: 1_500_000 }, () => {
  let shop: Shop;
  let traffic: Traffic;
  let earlier: Counts;
  let version = 0;

  const deployment = "deployment/edge-gatewright";
  const parametersRef = { group: "gatewright.dev", kind: "GatewayParameters", name: "proxies" };
  const parameters = (replicas: number) =>
    gatewayParameters("proxies", { workload: { replicas }, drain: { seconds: drainSeconds } });
  const rolledOut = () => shop.kubectl("rollout", "status", deployment, "--timeout=180s");
  const controllerRolledOut = () =>
    shop.controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=180s");
  const leader = () => shop.controllerKubectl("get", "lease/gatewright", "--output=jsonpath={.spec.holderIdentity}");
  const addressOf = (pod: string) => shop.kubectl("get", pod, "--output=jsonpath={.status.podIP}");

  /** Another version of a route of its own: it sends to the path of its version. @returns the version */
  async function change(): Promise<number> {
    version += 1;
    await shop.cluster.apply(redirectRoute("probe", "/probe", [], `/version-${version}`));
    return version;
  }

  /** The leader has written of that version: of nobody else's is the status. */
  async function isTold(wanted: number): Promise<void> {
    const generations = "{.metadata.generation} {.status.parents[0].conditions[0].observedGeneration}";
    await soon(async () => {
      const [generation, observed] = (
        await shop.kubectl("get", "httproute/probe", `--output=jsonpath=${generations}`)
      ).split(" ");
      equal(observed, generation, `version ${wanted} is told`);
    });
  }

  /** Every proxy has it, whichever replica of the controller it is connected to. */
  async function isServed(wanted: number): Promise<void> {
    for (const pod of await pods(shop.kubectl, proxies)) {
      const address = await addressOf(pod);
      const asked = [
        "curl",
        "--silent",
        "--max-time",
        "5",
        "--write-out",
        "%{redirect_url}",
        `http://${address}/probe`,
      ];
      await soon(async () => match(await shop.cluster.execute(asked), new RegExp(`/version-${wanted}$`)));
    }
  }

  /** Streams ended because their proxies went, and not before they had had the time to drain. */
  async function whileProxiesGo(context: TestContext, happens: () => Promise<void>): Promise<void> {
    const followed = followPods(shop, proxies);
    const from = traffic.ends.length;
    await happens();
    const { told } = followed;
    await followed.stop();
    const ends = traffic.ends.slice(from);
    const drainedFor = ends.map(({ proxy, at }) =>
      Math.max(...(told.get(proxy) ?? []).map((time) => (at - time) / 1_000).filter((seconds) => seconds > 0)),
    );
    const early = ends.flatMap(({ kind, why, proxy }, index) =>
      (drainedFor[index] ?? 0) < drainSeconds || !Number.isFinite(drainedFor[index])
        ? [`${kind} on ${proxy}: ${why}, ${drainedFor[index]} s after the proxy was told to go`]
        : [],
    );
    deepEqual(early, [], "streams that ended before their proxies' drain time");
    notEqual(ends.length, 0);
    context.diagnostic(
      `${ends.length} streams ended ${Math.min(...drainedFor)} to ${Math.max(...drainedFor)} s after their proxies were told to go`,
    );
    await soon(async () => equal((await traffic.counts()).openStreams, 2 * streamsOfEachKind));
  }

  /** What a proxy was given, but for routes: versions, and the times at which it took them. */
  async function resourcesOf(pod: string): Promise<readonly string[]> {
    const admin = ["curl", "--silent", "--unix-socket", "/run/gatewright/admin.sock", "http://localhost/config_dump"];
    const { configs }: { configs: readonly { "@type": string }[] } = JSON.parse(
      await shop.kubectl("exec", pod, "--", ...admin),
    );
    const updates = updatesOf(configs.filter((config) => !config["@type"].includes("Route")));
    // Envoy lists what it refused until it connects anew.
    return updates.filter((update) => !update.startsWith("probe of "));
  }

  /**
   * No proxy goes, so no stream does; and what nobody changed is not sent again, whichever replica of the controller proxies connect to
   * next: all have the same names and versions.
   */
  async function whileProxiesStay(happens: () => Promise<void>): Promise<void> {
    const running = await pods(shop.kubectl, proxies);
    const resources = await Promise.all(running.map(resourcesOf));
    notDeepEqual(resources.flat(), []);
    const from = traffic.ends.length;
    await happens();
    deepEqual(traffic.ends.slice(from), []);
    deepEqual(await pods(shop.kubectl, proxies), running);
    deepEqual(await Promise.all(running.map(resourcesOf)), resources);
  }

  /** Waits until so many proxies are there, and no others: those that go are there until they are drained. */
  async function scale(replicas: number): Promise<void> {
    await shop.cluster.apply(parameters(replicas));
    await rolledOut();
    const state = "--output=jsonpath={.status.readyReplicas} {.status.replicas} {.status.terminatingReplicas}";
    await soon(async () =>
      match(await shop.kubectl("get", deployment, state), new RegExp(`^${replicas} ${replicas} 0?$`)),
    );
    await soon(async () => {
      const names = await shop.kubectl("get", "pods", `--selector=${proxies}`, "--output=name");
      equal(names.trim().split("\n").length, replicas);
    });
  }

  async function killLeaders(context: TestContext): Promise<void> {
    for (let death = 0; death < 5; death += 1) {
      const killed = await leader();
      const at = performance.now();
      signalPod(killed, "SIGKILL");
      await isTold(await change());
      const seconds = Math.round(performance.now() - at) / 1_000;
      context.diagnostic(`${killed} was killed; ${await leader()} told of a change ${seconds} s later`);
    }
  }

  function report(context: Pick<TestContext, "diagnostic">, { sent, at, leftOut, sentAgain }: Counts): void {
    const count = sent - earlier.sent;
    const rate = Math.round((count * 1_000) / (at - earlier.at));
    context.diagnostic(
      `${count} requests, ${rate} per second, ${leftOut - earlier.leftOut} left out, ${sentAgain - earlier.sentAgain} sent again, ${Math.round((at - earlier.at) / 1_000)} s`,
    );
  }

  before(async () => {
    shop = await startShop({
      name: "high-availability-test",
      images: [checkout],
      web: trafficBackend,
      route: trafficRoute,
    });
    await shop.cluster.apply(parameters(2), gateway([80], { infrastructure: { parametersRef } }));
    await scale(2);
    await isServed(await change());
    traffic = startTraffic(shop, requestsPerSecond, streamsOfEachKind);
    await soon(async () => equal((await traffic.counts()).openStreams, 2 * streamsOfEachKind));
  });
  after(async () => {
    try {
      await traffic?.stop();
      // What was still under way at the end of a test, too.
      deepEqual((traffic?.failures ?? []).slice(0, 20), []);
    } finally {
      await shop?.stop();
    }
  });
  beforeEach(async () => {
    earlier = await traffic.counts();
  });
  afterEach(async (context) => {
    const counts = await traffic.counts();
    if ("diagnostic" in context) report(context, counts);
  });

  /** And there was something that could have: a quarter of it at least, of which a busy machine leaves out some, and on every stream. */
  async function noneFailed(): Promise<void> {
    const { succeeded, leftOut } = await traffic.counts();
    deepEqual(traffic.failures.filter(({ at }) => at >= earlier.at).slice(0, 20), []);
    const [answered, notSent] = [succeeded - earlier.succeeded, leftOut - earlier.leftOut];
    ok(answered > 0 && answered * 3 >= notSent, `${answered} requests were answered, ${notSent} not even sent`);
    await soon(async () => equal((await traffic.counts()).unheard, 0));
  }

  test("the controller is scaled from one to three", async () => {
    await whileProxiesStay(async () => {
      await shop.controllerKubectl("scale", "deployment/gatewright", "--replicas=3");
      await controllerRolledOut();
      await isServed(await change());
    });
    await noneFailed();
  });

  test("the leader is killed five times; what changes while nobody leads is not forgotten", async (context) => {
    await whileProxiesStay(() => killLeaders(context));
    await noneFailed();
  });

  test("the leader hangs, and knows when it goes on that another one leads", async () => {
    await whileProxiesStay(async () => {
      const first = await leader();
      signalPod(first, "SIGSTOP");
      const changed = await change();
      await isTold(changed);
      await isServed(changed);
      const second = await leader();
      notEqual(second, first);
      signalPod(first, "SIGCONT");
      await soon(async () => match(await shop.controllerKubectl("logs", `pod/${first}`), /not leading any more/));
      await isServed(await change());
      equal(await leader(), second);
    });
    await noneFailed();
  });

  test("all pods of the controller are deleted", async () => {
    await whileProxiesStay(async () => {
      const old = await pods(shop.controllerKubectl, controllers);
      await shop.controllerKubectl("delete", "--wait=false", ...old);
      const changed = await change();
      await untilReplaced(shop.controllerKubectl, controllers, old);
      await isTold(changed);
      await isServed(changed);
    });
    await noneFailed();
  });

  test("what an Envoy refuses is told, also if it is connected to another replica than the leader", async () => {
    // Of three replicas, two proxies leave out one; once both are connected, which takes a while after their controllers went.
    const free = await soon(async () => {
      const replicas = await pods(shop.controllerKubectl, controllers);
      const connected = await Promise.all(replicas.map((pod) => connectedProxies(shop, pod)));
      const sum = connected.reduce((total, count) => total + count, 0);
      equal(sum, 2);
      const unconnected = replicas[connected.indexOf(0)];
      if (unconnected === undefined) throw new Error("every replica has a proxy");
      return unconnected;
    });
    const identity = free.replace("pod/", "");
    const patch = JSON.stringify({ spec: { holderIdentity: identity } });
    await shop.controllerKubectl("patch", "lease/gatewright", "--type=merge", `--patch=${patch}`);
    await isTold(await change());
    equal(await leader(), identity);
    // The port of Envoy's own health.
    await shop.cluster.apply(gateway([80, 19_003], { infrastructure: { parametersRef } }));
    const message = '{.status.listeners[?(@.name=="web-19003")].conditions[?(@.type=="Programmed")].message}';
    await soon(async () =>
      match(await shop.kubectl("get", "gateway/edge", `--output=jsonpath=${message}`), /refuses|duplicate|already/i),
    );
    equal(await connectedProxies(shop, free), 0, "no proxy has come to the leader");
    await shop.cluster.apply(gateway([80], { infrastructure: { parametersRef } }));
    await soon(async () =>
      equal(
        await shop.controllerKubectl("get", "configmap", "--selector=gatewright.dev/refusals", "--output=name"),
        "",
      ),
    );
    await noneFailed();
  });

  test("the controller is upgraded: with it its proxies, if their image is another one", async (context) => {
    const replaceController = async (edit: (deployed: string) => string): Promise<void> => {
      const deployed = await shop.controllerKubectl("get", "deployment/gatewright", "--output=json");
      const edited: { readonly metadata: object } = JSON.parse(edit(deployed));
      notDeepEqual(edited, JSON.parse(deployed));
      // Whatever its status has become meanwhile.
      const metadata = { ...edited.metadata, resourceVersion: undefined };
      await shop.cluster.kubectl(["replace", "--filename=-"], JSON.stringify({ ...edited, metadata }));
      await controllerRolledOut();
      const changed = await change();
      await isTold(changed);
      await isServed(changed);
    };
    await whileProxiesStay(async () =>
      replaceController((deployed) =>
        deployed.replace('"--log-format=json"', '"--log-format=json", "--log-level=debug"'),
      ),
    );
    await whileProxiesGo(context, async () => {
      const old = await pods(shop.kubectl, proxies);
      await replaceController((deployed) =>
        deployed.replaceAll(/gatewright\.dev\/gatewright:[^"]+/g, `${proxyImage}:next`),
      );
      await untilReplaced(shop.kubectl, proxies, old);
      const images = "--output=jsonpath={.items[*].spec.containers[*].image}";
      const running = await shop.kubectl("get", "pods", `--selector=${proxies}`, images);
      deepEqual(new Set(running.split(" ")), new Set([`${proxyImage}:next`]));
    });
    await noneFailed();
  });

  test("a proxy that starts gets no requests before it has everything", async (context) => {
    const hosts = 200;
    await shop.cluster.apply(
      ...Array.from({ length: hosts }, (_, index) =>
        redirectRoute(`full-${index}`, "/", [`full-${index}.example.com`]),
      ),
    );
    await whileProxiesGo(context, async () => {
      const replicas = await pods(shop.controllerKubectl, controllers);
      const signalAll = (signal: "SIGSTOP" | "SIGCONT") => {
        for (const pod of replicas) signalPod(pod.replace("pod/", ""), signal);
      };
      const old = await pods(shop.kubectl, proxies);
      signalAll("SIGSTOP");
      await shop.kubectl("delete", "--wait=false", old[0] ?? "");
      const newcomer = await soon(async () => {
        const [found = ""] = (await pods(shop.kubectl, proxies)).filter((pod) => !old.includes(pod));
        notEqual(await addressOf(found), "");
        return found;
      });
      const address = await addressOf(newcomer);
      const { answers } = await traffic.counts();
      // A probe of it has failed.
      const selector = `--field-selector=reason=Unhealthy,involvedObject.name=${newcomer.replace("pod/", "")}`;
      await soon(async () => notEqual(await shop.kubectl("get", "events", selector, "--output=name"), ""));
      equal((await traffic.counts()).answers[address], answers[address]);
      // The moment that it is ready, it has all routes.
      const script = [
        `until curl --silent --fail --max-time 5 http://${address}:19003/ready > /dev/null; do sleep 0.02; done`,
        `curl --silent --show-error --connect-to ::${address}:80 --output /dev/null --write-out '%{http_code} ' 'http://full-[0-${hosts - 1}].example.com/'`,
      ].join("\n");
      const codes = shop.cluster.execute(["/bin/sh", "-c", script]);
      signalAll("SIGCONT");
      deepEqual(new Set((await codes).trim().split(" ")), new Set(["302"]));
      await shop.kubectl("wait", "--for=condition=Ready", newcomer, "--timeout=180s");
      await soon(async () => ok(((await traffic.counts()).answers[address] ?? 0) > (answers[address] ?? 0)));
      await untilGone(shop.kubectl, old.slice(0, 1));
    });
    await noneFailed();
  });

  test("the proxies are replaced three times while the leader is killed another five times", async (context) => {
    const replaceProxies = async (): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        const old = await pods(shop.kubectl, proxies);
        await shop.kubectl("rollout", "restart", deployment);
        await rolledOut();
        await untilGone(shop.kubectl, old);
      }
    };
    await whileProxiesGo(context, async () => {
      await Promise.all([replaceProxies(), killLeaders(context)]);
    });
    await isServed(version);
    await noneFailed();
    const { connectionCloses, goAways } = await traffic.counts();
    ok(connectionCloses > earlier.connectionCloses, "HTTP/1.1 clients are asked to leave");
    ok(goAways > earlier.goAways, "HTTP/2 clients are asked to leave");
  });

  test("the proxies are scaled from one to four, and back", async (context) => {
    await whileProxiesGo(context, async () => {
      for (const replicas of [1, 4, 1]) await scale(replicas);
    });
    await noneFailed();
  });

  test("the API server is away for a minute, and in it a proxy hangs for ten seconds: only what is on that one waits", async () => {
    await scale(3);
    const [victim = "", ...others] = await pods(shop.kubectl, proxies);
    const address = await addressOf(victim);
    const otherAddresses = await Promise.all(others.map(addressOf));
    await whileProxiesStay(async () => {
      await shop.cluster.stopComponent("kube-apiserver");
      const minute = delay(60_000);
      signalPod(victim.replace("pod/", ""), "SIGSTOP");
      const stopped = await traffic.counts();
      await delay(10_000);
      const then = await traffic.counts();
      signalPod(victim.replace("pod/", ""), "SIGCONT");
      for (const other of otherAddresses) {
        ok((then.answers[other] ?? 0) > (stopped.answers[other] ?? 0), `${other} goes on`);
      }
      await soon(async () => ok(((await traffic.counts()).answers[address] ?? 0) > (then.answers[address] ?? 0)));
      await minute;
      await shop.cluster.startComponent("kube-apiserver");
      const changed = await change();
      await isTold(changed);
      await isServed(changed);
    });
    await noneFailed();
  });
});
