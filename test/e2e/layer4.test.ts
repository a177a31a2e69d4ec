import { equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { grpcurl } from "./harness/grpc-client.ts";
import { needs, run } from "./harness/programs.ts";
import { startDns, startPostgres } from "./harness/servers.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

async function psql(port: number, sql: string): Promise<string> {
  const connection = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "--no-psqlrc"];
  const { stdout, stderr, code } = await run("psql", [...connection, "--tuples-only", "--no-align", "-c", sql]);
  equal(code, 0, stderr);
  return stdout.trim();
}

async function dig(port: number, name: string): Promise<string> {
  const { stdout } = await run("dig", ["@127.0.0.1", "-p", String(port), "+short", "+tries=1", "+time=5", name, "A"]);
  return stdout.trim();
}

test("TCP: a real PostgreSQL", async (t) => {
  if (!needs(t, "psql", "initdb", "postgres")) return;
  const { gateway } = await startExample(t, "seeds/tcp-database", {
    foreign: ({ address }) => startPostgres(t, address),
  });
  const port = gateway.port(5432);

  await t.test("psql makes a table, fills it and asks it", async () => {
    await psql(port, "create table visits (page text, count int)");
    await psql(port, "insert into visits select 'page ' || n, n from generate_series(1, 10000) n");
    equal(await psql(port, "select count(*), sum(count) from visits"), "10000|50005000");
    match(await psql(port, "select version()"), /^PostgreSQL /);
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { postgres: 1 });
    await assertRoute(gateway, "tcproute", "database", "default");
  });
});

test("UDP: a real DNS server", async (t) => {
  if (!needs(t, "dig", "dnsmasq")) return;
  const { gateway } = await startExample(t, "seeds/udp-dns", {
    foreign: ({ address }) => startDns(t, address, { "www.gatewright.test": "192.0.2.53" }),
  });

  await t.test("dig gets the record, again and again", async () => {
    for (let index = 0; index < 10; index++) equal(await dig(gateway.port(53), "www.gatewright.test"), "192.0.2.53");
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { dns: 1 });
    await assertRoute(gateway, "udproute", "dns", "default");
  });
});

test("TLS passthrough", async (t) => {
  if (!needs(t, "curl", "openssl")) return;
  const { gateway, caFile } = await startExample(t, "seeds/tls-passthrough");
  const port = gateway.port(443);

  for (const name of ["bank", "vault"]) {
    await t.test(`${name}: the backend's own certificate and answer`, async () => {
      const response = await curl(`https://${name}.secure.example.com/x`, port, "--cacert", caFile);
      equal(response.status, 200, response.stderr);
      const echo = JSON.parse(response.body);
      equal(echo.service, name);
      equal(echo.headers["x-forwarded-proto"], undefined, "nobody but the backend saw the request");
      const options = `-connect 127.0.0.1:${port} -servername ${name}.secure.example.com -CAfile ${caFile}`;
      const { stdout } = await run("sh", ["-c", `openssl s_client ${options} </dev/null`]);
      match(stdout, /subject=CN ?= ?bank\.secure\.example\.com\n/);
      match(stdout, /Verify return code: 0 \(ok\)/);
    });
  }

  await t.test("another name gets no connection", async () => {
    notEqual((await curl("https://shop.secure.example.com/", port, "--insecure")).code, 0);
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { passthrough: 2 });
    await assertRoute(gateway, "tlsroute", "bank", "default");
    await assertRoute(gateway, "tlsroute", "vault", "default");
  });
});

test("all in one: web site, gRPC, database and DNS through one Gateway", async (t) => {
  if (!needs(t, "curl", "grpcurl", "psql", "initdb", "postgres", "dig", "dnsmasq")) return;
  const { gateway, caFile } = await startExample(t, "seeds/all-in-one", {
    foreign: async ({ appProtocol, address }) => {
      if (appProtocol === "postgresql") await startPostgres(t, address);
      else await startDns(t, address, { "www.gatewright.test": "192.0.2.54" });
    },
  });

  await t.test("curl: 443", async () => {
    const response = await curl("https://myapp.com/", gateway.port(443), "--cacert", caFile);
    equal(JSON.parse(response.body || "{}").service, "website", response.stderr);
  });

  await t.test("grpcurl: 9090", async () => {
    const output = await grpcurl(gateway.port(9090), "user.v1.UserService/GetUser", { authority: "myapp.com:9090" });
    equal(output.answers()[0]?.server.service, "mobile-api", output.stderr);
  });

  await t.test("psql: 5432", async () => equal(await psql(gateway.port(5432), "select 6 * 7"), "42"));

  await t.test("dig: 53", async () => equal(await dig(gateway.port(53), "www.gatewright.test"), "192.0.2.54"));

  await t.test("status", async () => {
    const attached = { website: 1, "mobile-api": 1, database: 1, dns: 1 };
    await assertGateway(gateway, "all-in-one-gateway", "default", attached);
  });
});
