import { equal, notEqual, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { createAuthority, readAuthority } from "./authority.ts";
import { proxyUri } from "./proxy-identity.ts";
import { hour, renewalTime } from "./validity.ts";

describe("an authority", async () => {
  const authority = await createAuthority();
  const parsed = new X509Certificate(authority.certificate);

  test("signs servers and clients, each with its own name and use", async () => {
    const server = new X509Certificate(
      (await authority.issue({ end: "server", dnsNames: ["gatewright.gatewright-system.svc"] })).certificate,
    );
    equal(server.subjectAltName, "DNS:gatewright.gatewright-system.svc");
    ok(server.verify(parsed.publicKey));
    const uri = proxyUri("edge/public");
    const client = new X509Certificate((await authority.issue({ end: "client", uri })).certificate);
    equal(client.subjectAltName, `URI:${uri}`);
    // Server and client authentication, as object identifiers.
    equal(String(server.keyUsage), "1.3.6.1.5.5.7.3.1");
    equal(String(client.keyUsage), "1.3.6.1.5.5.7.3.2");
  });

  test("read again, it signs what the first one's certificate verifies", async () => {
    const again = await readAuthority(authority);
    const { certificate } = await again.issue({ end: "client", uri: proxyUri("a/b") });
    ok(new X509Certificate(certificate).verify(parsed.publicKey));
  });

  test("a successor has a key of its own, and its predecessor is still trusted", async () => {
    const successor = await createAuthority(new Date(), authority);
    notEqual(successor.key, authority.key);
    equal(successor.trusted, successor.certificate + authority.certificate);
  });
});

test("a certificate is renewed half-way through its life", async () => {
  const now = new Date("2026-01-01T00:00:00Z");
  const { certificate } = await (await createAuthority(now)).issue({ end: "client", uri: proxyUri("a/b") }, now);
  equal(renewalTime(certificate)?.getTime(), now.getTime() + (30 * 24 * hour - hour) / 2);
  equal(renewalTime("no certificate"), undefined);
});
