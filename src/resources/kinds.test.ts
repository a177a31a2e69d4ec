import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { kindNamed, kindOf, kinds, nearestKindName, schemaOf } from "./kinds.ts";

describe("kindNamed", () => {
  for (const [word, expected] of [
    ["gtw", "Gateway"],
    ["gateways", "Gateway"],
    ["HTTPRoute", "HTTPRoute"],
    ["httproutes.gateway.networking.k8s.io", "HTTPRoute"],
    ["httproute.v1.gateway.networking.k8s.io", "HTTPRoute"],
    ["httproute.example.com", undefined],
    ["gc", "GatewayClass"],
    ["svc", "Service"],
    ["endpointslices.discovery.k8s.io", "EndpointSlice"],
    ["ns", "Namespace"],
    ["mesh", "XMesh"],
    ["pods", undefined],
    ["", undefined],
  ] as const) {
    test(`${word} → ${expected}`, () => equal(kindNamed(word)?.kind, expected));
  }

  test("no name stands for two kinds", () => {
    const names = kinds.flatMap(({ plural, singular, shortNames }) => [...new Set([plural, singular, ...shortNames])]);
    deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });
});

describe("kindOf", () => {
  for (const [apiVersion, kind, expected] of [
    ["v1", "Service", "Service"],
    ["gateway.networking.k8s.io/v1beta1", "HTTPRoute", "HTTPRoute"],
    ["gateway.networking.k8s.io/v1alpha2", "HTTPRoute", undefined],
    ["v1", "HTTPRoute", undefined],
    ["gateway.networking.k8s.io/v1", "httproute", undefined],
  ] as const) {
    test(`${apiVersion} ${kind}`, () => equal(kindOf(apiVersion, kind)?.kind, expected));
  }
});

test("every version of every kind has a schema with metadata", () => {
  for (const kind of kinds) {
    for (const version of kind.versions) ok(schemaOf(kind, version).properties?.["metadata"]?.properties?.["labels"]);
  }
});

test("a slip in the name of a kind is recognised", () => equal(nearestKindName("htproutes"), "httproutes"));
