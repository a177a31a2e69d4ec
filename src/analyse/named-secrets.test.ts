import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { inCluster } from "../infrastructure/placement.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { kindOf } from "../resources/kinds.ts";
import { keyOf } from "../resources/object.ts";
import { decode } from "../sources/kubernetes/decode.ts";
import { checkNamedSecrets } from "./named-secrets.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";

function object(apiVersion: string, kind: string, name: string, rest: object): ApiObject {
  const namespace = kind === "GatewayClass" ? {} : { namespace: "shop" };
  return { apiVersion, kind, metadata: { name, generation: 1, ...namespace }, ...rest };
}

function gateway(...certificates: readonly string[]): ApiObject {
  const certificateRefs = certificates.map((name) => ({ name }));
  const listeners = [{ name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs } }];
  return object(gatewayApi, "Gateway", "edge", { spec: { gatewayClassName: "gatewright", listeners } });
}

/** What came of the objects of an API server: how often Secrets were read, and what was found in them. */
async function follow(): Promise<{
  readonly apply: (...objects: readonly ApiObject[]) => void;
  readonly read: () => number;
  readonly found: () => readonly string[];
}> {
  const controlPlane = new ControlPlane({ placement: inCluster });
  const apply = (...objects: readonly ApiObject[]): void => {
    const decoded = objects.map((raw) => {
      const kind = kindOf(raw.apiVersion, raw.kind);
      if (kind === undefined) throw new Error(`${raw.kind} is not known`);
      return { raw, ...decode(kind, raw, { contents: false }) };
    });
    controlPlane.apply({
      changes: decoded.map((one) => ({
        reference: one.reference,
        key: keyOf(one.raw),
        kind: one.raw.kind,
        object: one.object,
        locate: () => undefined,
      })),
      findings: new Map(decoded.map(({ raw, findings }) => [keyOf(raw), findings])),
    });
  };
  const { cert, key } = await (await createAuthority()).issue(["old.example.com"], "ECDSA", new Date("2021-01-01"));
  const data = { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
  apply(
    object(gatewayApi, "GatewayClass", "gatewright", { spec: { controllerName: "gatewright.dev/gateway-controller" } }),
    object("v1", "Secret", "old", { type: "kubernetes.io/tls", data }),
    object("v1", "Secret", "also-old", { type: "kubernetes.io/tls", data }),
  );
  return {
    apply,
    read: () => controlPlane.graph.runs().get("keyPairs") ?? 0,
    found: () =>
      [...controlPlane.findings(), ...checkNamedSecrets(controlPlane)].map(
        ({ code, origin }) => `${code} in ${origin?.resource.name}`,
      ),
  };
}

describe("a Secret of an API server", () => {
  test("is not read while nobody names it", async () => {
    const { read, found } = await follow();
    deepEqual([read(), found()], [0, []]);
  });

  test("is read when something names it, and said to be out of date", async () => {
    const { apply, read, found } = await follow();
    apply(gateway("old"));
    deepEqual([read(), found()], [1, ["expired-certificate in old"]]);
  });

  test("is left alone again when nobody names it any more", async () => {
    const { apply, read, found } = await follow();
    apply(gateway("old"));
    apply({ ...gateway("also-old"), metadata: { name: "edge", namespace: "shop", generation: 2 } });
    deepEqual([read(), found()], [2, ["expired-certificate in also-old"]]);
  });
});
