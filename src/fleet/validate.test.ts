import { deepEqual, match, ok, rejects } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { resolveEnvoy } from "./resolve-envoy.ts";
import { validate } from "./validate.ts";

describe("validate", { timeout: 30_000 }, () => {
  let binary = "";
  before(async () => {
    binary = (await resolveEnvoy()).path;
  });

  test("a good one", async () => {
    const verdict = await validate(binary, { static_resources: { clusters: [{ name: "a", type: "STATIC" }] } });
    ok(verdict.ok);
  });

  for (const [what, bootstrap, expected] of [
    ["an unknown field", { static_resources: { listeners: [{ nme: "x" }] } }, /no such field: 'nme'/],
    [
      "a rule of Envoy's",
      { static_resources: { clusters: [{ name: "" }] } },
      /Name: value length must be at least 1 characters/,
    ],
    [
      "an unknown type",
      { static_resources: { clusters: [{ name: "a", cluster_type: { name: "no.such" } }] } },
      /no\.such/,
    ],
  ] as const) {
    test(`${what}: Envoy's message`, async () => {
      const verdict = await validate(binary, bootstrap);
      ok(!verdict.ok);
      match(verdict.message, expected);
    });
  }

  test("a file", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    t.after(() => rm(root, { recursive: true }));
    const file = join(root, "bootstrap.yaml");
    await writeFile(file, "node: { id: a, cluster: b }\n");
    deepEqual((await validate(binary, file)).ok, true);
    await writeFile(file, "node: [\n");
    deepEqual((await validate(binary, file)).ok, false);
  });

  test("no Envoy is no verdict", () => rejects(validate("/nowhere/envoy", {}), /ENOENT/));
});
