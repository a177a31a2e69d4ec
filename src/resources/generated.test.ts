import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Service } from "./generated/core.ts";
import type { HTTPPathMatch, HTTPRoute } from "./generated/gateway-api.ts";
import { kinds } from "./generated/kinds.ts";

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly scope: string;
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: object } }[];
  };
}

function read(folder: string, plural: string): Definition {
  return JSON.parse(readFileSync(new URL(`generated/${folder}/${plural}.json`, import.meta.url), "utf8"));
}

/** Every object in a schema that has the given keyword. */
function withKeyword(part: unknown, keyword: string): readonly object[] {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap((value) => withKeyword(value, keyword));
  return Object.hasOwn(part, keyword) ? [part, ...inner] : inner;
}

function celRules(folder: string): readonly object[] {
  const definitions = kinds.filter(({ folders }) => folders.some((it) => it === folder));
  return definitions.flatMap(({ plural }) => withKeyword(read(folder, plural), "rule"));
}

describe("generated schemas", () => {
  for (const { folders, plural, group, kind, scope, versions } of kinds) {
    for (const folder of folders) {
      test(`${folder}/${plural}.json is what kinds.ts says, and nothing in it refers elsewhere`, () => {
        const definition = read(folder, plural);
        const { spec } = definition;
        deepEqual(
          [spec.group, spec.names.kind, spec.scope, spec.versions.map(({ name }) => name)],
          [group, kind, scope, versions],
        );
        deepEqual(withKeyword(definition, "$ref"), []);
        for (const version of spec.versions)
          equal(Object.keys(version.schema.openAPIV3Schema).includes("properties"), true);
      });
    }
  }

  test("the CRDs of Gateway API v1.7.0 have 743 CEL rules", () => {
    deepEqual([celRules("crds/standard").length, celRules("crds/experimental").length], [298, 445]);
  });
});

describe("generated types", () => {
  test("what has a default is required, what is an enum is a union", () => {
    const route: HTTPRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "cart", namespace: "shop" },
      spec: {
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/cart" } }],
            backendRefs: [{ group: "", kind: "Service", name: "cart", port: 80, weight: 1 }],
          },
        ],
      },
    };
    const service: Service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cart", namespace: "shop" },
      // @ts-expect-error: the protocol of a port has a default, so it is always there
      spec: { type: "ClusterIP", sessionAffinity: "None", ports: [{ port: 80 }] },
    };
    // @ts-expect-error: "Prefix" is no type of match
    const path: HTTPPathMatch = { type: "Prefix", value: "/" };
    deepEqual([route.kind, service.kind, path.value], ["HTTPRoute", "Service", "/"]);
  });
});
