import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kinds } from "../src/resources/kinds.ts";
import { type Account, accountKey, keepAccounts } from "./fields/harness/account.ts";
import { readAreas } from "./fields/harness/areas.ts";
import { fieldsDocument } from "./fields/harness/document.ts";
import { type Leaf, leavesOf, writtenSchema } from "./fields/harness/leaves.ts";

/** Kinds whose worlds are not written yet. */
const notYet: ReadonlySet<string> = new Set([
  "XBackend",
  "XBackendTrafficPolicy",
  "XMesh",
  "XTelemetryPolicy",
]);
const accounts = keepAccounts(await readAreas());

describe("every field changes Envoy's configuration, infrastructure or status, or is named by a finding", () => {
  for (const kind of kinds.filter((it) => !notYet.has(it.kind))) {
    test(kind.kind, () => {
      const leaves = leavesOf(writtenSchema(kind, kind.versions[0]));
      deepEqual(
        leaves.flatMap((leaf) => problemsOf(leaf, accounts.get(accountKey(kind.kind, leaf.path)))),
        [],
      );
    });
  }
});

test("other versions of a kind have no field that the first one has not", () => {
  deepEqual(
    kinds.flatMap((kind) => {
      const known = new Set(leavesOf(writtenSchema(kind, kind.versions[0])).map(({ path }) => path));
      return kind.versions.flatMap((version) =>
        leavesOf(writtenSchema(kind, version))
          .filter(({ path }) => !known.has(path))
          .map(({ path }) => `${kind.kind} ${version}: ${path}`),
      );
    }),
    [],
  );
});

test("docs/fields.md says what becomes of each (UPDATE_GOLDEN=1 writes it)", () => {
  const file = join(import.meta.dirname, "..", "docs", "fields.md");
  const document = fieldsDocument(
    accounts,
    kinds.filter(({ kind }) => !notYet.has(kind)),
  );
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(file, document);
  equal(existsSync(file) ? readFileSync(file, "utf8") : "", document);
});

function problemsOf({ path, schema }: Leaf, account: Account | undefined): readonly string[] {
  if (account === undefined) return [`${path}: no file of test/fields sets it`];
  const { configuration, infrastructure, status, findings, refused, values, indifferent } = account;
  const matters = [configuration, infrastructure, status, findings, refused].some((set) => set.size > 0);
  const choices = refused.size > 0 ? [] : (schema.enum ?? []).filter((value) => value !== "");
  return [
    ...(matters ? [] : [`${path}: it makes no difference, and nobody says so`]),
    ...[...indifferent].map((where) => `${path}: ${where}`),
    ...choices
      .filter((choice) => ![...values].some((known) => known === choice))
      .map((choice) => `${path}: no file of test/fields tells ${JSON.stringify(choice)} from other values`),
  ];
}
