import { equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs, run } from "./harness/programs.ts";
import { assertSplit } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("HTTPS termination", async (t) => {
  if (!needs(t, "curl", "openssl")) return;
  const { gateway, authority, caFile } = await startExample(t, "seeds/https-termination");
  const port = gateway.port(443);

  await t.test("curl verifies the certificate and is served over HTTP/2", async () => {
    const response = await curl("https://example.com/hello", port, "--cacert", caFile);
    equal(response.status, 200, response.stderr);
    equal(response.version, "HTTP/2");
    const echo = JSON.parse(response.body);
    match(echo.service, /^my-app-v[12]$/);
    equal(echo.headers["x-forwarded-proto"], "https");
  });

  await t.test("curl over HTTP/1.1", async () => {
    const response = await curl("https://example.com/", port, "--cacert", caFile, "--http1.1");
    equal(`${response.version} ${response.status}`, "HTTP/1.1 200");
  });

  for (const [name, subject] of [
    ["example.com", "example.com"],
    ["seoul.shop.example.com", "*.shop.example.com"],
  ] as const) {
    await t.test(`SNI ${name} gets the certificate of ${subject}`, async () => {
      const { stdout } = await run("sh", [
        "-c",
        `openssl s_client -connect 127.0.0.1:${port} -servername ${name} </dev/null`,
      ]);
      match(stdout, new RegExp(`subject=CN ?= ?${subject.replaceAll(/[.*]/g, "\\$&")}\n`));
    });
  }

  await t.test("the wildcard's shops", async () => {
    const response = await curl("https://seoul.shop.example.com/", port, "--cacert", caFile);
    equal(JSON.parse(response.body).service, "shops");
  });

  await t.test("a name that no certificate is for is refused", async () => {
    const response = await curl("https://other.example.org/", port, "--cacert", caFile);
    notEqual(response.code, 0);
    equal(response.status, 0);
  });

  await t.test("plain HTTP on the TLS port is refused", async () => {
    equal((await curl("http://example.com/", port)).status, 0);
  });

  await t.test("90/10 behind TLS", async (inner) => {
    const client = httpClient(port, { ca: authority.certificate });
    await assertSplit(
      inner,
      { "my-app-v1": 0.9, "my-app-v2": 0.1 },
      async () => (await client.send({ host: "example.com" })).echo().service,
    );
    client.close();
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "my-gateway", "my-app-ns", { "https-listener": 1, wildcard: 1 });
    await assertRoute(gateway, "httproute", "my-app-route", "my-app-ns");
    await assertRoute(gateway, "httproute", "shops", "my-app-ns");
  });
});
