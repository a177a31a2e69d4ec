import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { backend } from "../envoy/testing/ir.ts";
import { resourcesOf } from "../envoy/testing/proxy.ts";
import { validationBootstrap } from "../envoy/validation-bootstrap.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import { readCertificate } from "./x509.ts";

const { certificate } = await createAuthority("authority");
const der = Buffer.from(certificate.replace(/-----[^-]*-----|\s/g, ""), "base64");

/** The certificate with other bytes in place of the first that are these, in hexadecimal. */
function changed(from: string, to: string, after = 0): string {
  const at = der.indexOf(Buffer.from(from, "hex"));
  if (at < 0) throw new Error(`the certificate holds no ${from}`);
  const other = Buffer.from(der);
  Buffer.from(to, "hex").copy(other, at + after);
  return pem(other);
}

function pem(raw: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${raw.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
}

const hex = (text: string) => Buffer.from(text).toString("hex");
const version3 = "a003020102";

describe("Envoy and the check before it agree on an authority", { concurrency: 2 }, async () => {
  const envoy = await resolveEnvoy();
  for (const [name, text, problem] of [
    ["that is well", certificate, undefined],
    ["of version 1, with extensions", changed(version3, "a003020100"), "version"],
    ["of version 2, with extensions", changed(version3, "a003020101"), "version"],
    ["of version 4", changed(version3, "a003020103"), "version"],
    ["of month 99", changed("170d", hex("269901000000Z"), 2), "no time as X.509 has it"],
    ["with a time zone", changed("170d", hex("2601010000+00"), 2), "no time as X.509 has it"],
    [
      "of no certain length",
      pem(Buffer.concat([Buffer.from("3080", "hex"), der.subarray(4), Buffer.from("0000", "hex")])),
      "not encoded in DER",
    ],
    ["that is cut off", pem(der.subarray(0, -10)), "can't be read"],
  ] as const) {
    test(name, async () => {
      const trust = { proxy: "test", name: "authority", certificates: text };
      const tls = { serverName: "a", verification: { trust: "authority", subjectAltNames: [] } };
      const resources = resourcesOf({ backends: [backend("a", [1], { tls })], trustBundles: [trust] });
      equal((await validate(envoy.path, validationBootstrap(resources))).ok, problem === undefined);
      const read = readCertificate(text.trim());
      equal(typeof read === "string" ? read.includes(problem ?? "nothing") : problem === undefined, true, String(read));
    });
  }
});
