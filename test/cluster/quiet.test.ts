import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../e2e/harness/wait.ts";
import { auditedRequests, controllerUser, describeRequest, isWrite } from "./fixtures/audit-log.ts";
import { controllers, pods, untilGone } from "./fixtures/pods.ts";
import { route } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";

const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 120_000);
const routeCount = 1_000;
/** `IDLE_SECONDS=600 node --test test/cluster/quiet.test.ts` is what a release is measured by: longer than scripts/test.ts lets a file take. */
const idleSeconds = Number(process.env["IDLE_SECONDS"] ?? 60);
const seconds = (count: number) => count * 1_000;

/** What the controller asks of the API server, by the API server's own log. */
describe("nothing is written twice, or for nothing", { ...needsRoot, timeout: 540_000 + seconds(idleSeconds) }, () => {
  let shop: Shop;
  /** The controller's metrics of this prefix, without comments. */
  const metrics = async (address: string, prefix: string) =>
    (await shop.cluster.execute(["curl", "--silent", "--fail", "--max-time", "5", `http://${address}:19002/metrics`]))
      .split("\n")
      .filter((line) => line.startsWith(prefix));
  const statusWrites = () =>
    auditedRequests(shop.cluster).filter(
      ({ verb, objectRef }) => verb === "patch" && objectRef?.subresource === "status",
    );

  before(async () => {
    shop = await startShop({ name: "quiet-test", audited: [controllerUser] });
  });
  after(async () => await shop?.stop());

  test("of a thousand routes at once, each gets one status and the Gateway at most fifty", async (context) => {
    const earlier = statusWrites().length;
    await shop.cluster.apply(
      ...Array.from({ length: routeCount }, (_, index) => ({
        ...route,
        metadata: { namespace: "shop", name: `route-${index}` },
        spec: { ...route.spec, hostnames: [`route-${index}.example.com`] },
      })),
    );
    await soon(async () =>
      equal(
        await shop.kubectl("get", "gateway/edge", "--output=jsonpath={.status.listeners[0].attachedRoutes}"),
        String(routeCount + 1),
      ),
    );
    await soon(async () => {
      const accepted = await shop.kubectl(
        "get",
        "httproutes",
        "--output=jsonpath={.items[*].status.parents[0].conditions[?(@.type=='Accepted')].status}",
      );
      deepEqual(new Set(accepted.split(" ")), new Set(["True"]));
      equal(accepted.split(" ").length, routeCount + 1);
    });
    const written = statusWrites().slice(earlier);
    const ofRoutes = written.filter(({ objectRef }) => objectRef?.resource === "httproutes");
    equal(ofRoutes.length, routeCount, "as many writes as routes");
    equal(new Set(ofRoutes.map(({ objectRef }) => objectRef?.name)).size, routeCount, "one of each");
    deepEqual(ofRoutes.filter(({ responseStatus }) => responseStatus?.code !== 200).map(describeRequest), []);
    const ofGateway = written.filter(({ objectRef }) => objectRef?.resource === "gateways");
    context.diagnostic(`${ofGateway.length} writes of the Gateway`);
    ok(ofGateway.length <= 50, `${ofGateway.length} writes of the Gateway`);
  });

  test("a controller that starts again writes and pushes nothing, and then asks for nothing but watches and its lease", async () => {
    const earlier = auditedRequests(shop.cluster).length;
    const previous = await pods(shop.controllerKubectl, controllers);
    await shop.controllerKubectl("rollout", "restart", "deployment/gatewright");
    await shop.controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=60s");
    await untilGone(shop.controllerKubectl, previous);
    const [pod = "", ...others] = await pods(shop.controllerKubectl, controllers);
    deepEqual(others, []);
    const address = await shop.controllerKubectl("get", pod, "--output=jsonpath={.status.podIP}");
    const lease = ["get", "lease/gatewright", "--output=jsonpath={.spec.holderIdentity}"];
    await soon(async () => match(await shop.controllerKubectl(...lease), new RegExp(`^${pod.replace("pod/", "")}`)));
    await soon(async () =>
      deepEqual(await metrics(address, "gatewright_connected_proxies"), [
        'gatewright_connected_proxies{state="in_sync"} 1',
        'gatewright_connected_proxies{state="behind"} 0',
      ]),
    );
    // What it leads to is done within a second or two; what comes later is caught below.
    await delay(seconds(5));
    deepEqual(auditedRequests(shop.cluster).slice(earlier).filter(isWrite).map(describeRequest), []);
    // An Envoy that connects again waits for an answer about clusters, if only to hear that there is nothing new.
    const pushes = await metrics(address, "gatewright_xds_pushes_total");
    deepEqual(pushes, ['gatewright_xds_pushes_total{type="Cluster"} 1']);
    const bytes = await metrics(address, "gatewright_xds_push_bytes_total");
    ok(Number(bytes[0]?.split(" ")[1]) < 100, `nothing but an envelope: ${bytes.join("\n")}`);

    const idle = auditedRequests(shop.cluster).length;
    await delay(seconds(idleSeconds));
    const asked = auditedRequests(shop.cluster).slice(idle);
    ok(asked.length > 0, "the lease is renewed");
    deepEqual(
      asked.filter(({ verb, objectRef }) => verb !== "watch" && objectRef?.resource !== "leases").map(describeRequest),
      [],
    );
    deepEqual(await metrics(address, "gatewright_xds_pushes_total"), pushes);
  });
});
