import { equal } from "node:assert/strict";
import { test } from "node:test";
import { connectTo, curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { needs, run } from "./harness/programs.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("HTTP → HTTPS redirect", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, caFile } = await startExample(t, "seeds/https-redirect");

  // With a port offset, a redirect to a listener of ours names the port where that is now; without one, none.
  const https = `https://app.example.com:${gateway.port(443)}`;

  await t.test("301 to the same URL with https", async () => {
    const response = await curl("http://app.example.com/a/b?c=d", gateway.port(80));
    equal(response.status, 301);
    equal(response.headers["location"], `${https}/a/b?c=d`);
  });

  await t.test("curl --location arrives", async () => {
    const settings = ["--silent", "--show-error", "--location", "--noproxy", "*", "--cacert", caFile];
    const { stdout, stderr } = await run("curl", [
      ...settings,
      ...connectTo("http://app.example.com/", gateway.port(80)),
      ...connectTo(https, gateway.port(443)),
      "http://app.example.com/a?b",
    ]);
    equal(JSON.parse(stdout || JSON.stringify(stderr)).service, "app");
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "kong", "default", { http: 1, https: 1 });
    await assertRoute(gateway, "httproute", "https-redirect", "default");
    await assertRoute(gateway, "httproute", "app", "default");
  });
});

test("host redirect", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/host-redirect");

  for (const [url, status, location] of [
    ["http://imprun.dev/", 301, "https://portal.imprun.dev/"],
    ["http://imprun.dev/pricing?plan=pro", 301, "https://portal.imprun.dev/pricing?plan=pro"],
    ["http://moved.imprun.dev/docs", 302, "http://portal.imprun.dev:8443/guides"],
    ["http://moved.imprun.dev/docs/start?x=1", 302, "http://portal.imprun.dev:8443/guides/start?x=1"],
    ["http://moved.imprun.dev/anything/else", 302, "http://moved.imprun.dev/"],
  ] as const) {
    await t.test(`${url} → ${status} ${location}`, async () => {
      const response = await curl(url, gateway.port(80));
      equal(response.status, status);
      equal(response.headers["location"], location);
    });
  }

  await t.test("status", async () => {
    await assertGateway(gateway, "kong", "kong-system", { http: 2 });
    await assertRoute(gateway, "httproute", "imprun-root-redirect", "imprun-system");
  });
});
