import { equal, match, notEqual } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { curl } from "./harness/curl.ts";
import { startExample, temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs, run } from "./harness/programs.ts";
import { gateway as edgeGateway, gatewayClass, resourceFolder } from "./harness/resources.ts";
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

test("several certificates on one listener: SNI picks, and the first is for all other names", async (t) => {
  if (!needs(t, "openssl", "curl")) return;
  const path = await temporaryFolder(t);
  const folder = await resourceFolder(join(path, "resources"));
  const authority = await createAuthority();
  const caFile = join(path, "ca.pem");
  await writeFile(caFile, authority.certificate);
  const names = { first: "a.example.com", second: "b.example.org", wildcard: "*.c.example.net" };
  for (const [name, hostname] of Object.entries(names))
    await folder.writeText(`${name}.yaml`, tlsSecret("default", name, await authority.issue([hostname])));
  const certificateRefs = Object.keys(names).map((name) => ({ name }));
  await folder.write(
    "gateway.yaml",
    gatewayClass(),
    edgeGateway("edge", [{ name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs } }]),
  );
  const gateway = await startGateway(t, [join(path, "resources")], [443]);
  const port = gateway.port(443);
  for (const [name, subject] of [
    ["a.example.com", names.first],
    ["b.example.org", names.second],
    ["x.c.example.net", names.wildcard],
    ["unknown.example.com", names.first],
  ] as const) {
    await t.test(`${name} is shown ${subject}`, async () => {
      const options = `-connect 127.0.0.1:${port} -servername ${name} -CAfile ${caFile}`;
      const { stdout } = await run("sh", ["-c", `openssl s_client ${options} </dev/null`]);
      match(stdout, new RegExp(`subject=CN ?= ?${subject.replaceAll(/[.*]/g, "\\$&")}\n`));
      match(stdout, /Verify return code: 0 \(ok\)/);
    });
  }

  await t.test("status", () => assertGateway(gateway, "edge", "default", { https: 0 }));
});
