import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kinds } from "../src/resources/kinds.ts";
import { accountKey, distinguished, hasEffect } from "./fields/harness/account.ts";
import { readAreas } from "./fields/harness/areas.ts";
import { areAlike, fieldsDocument, withoutEffect } from "./fields/harness/document.ts";
import { forgottenFields } from "./fields/harness/idle.ts";
import { type Leaf, leavesOf, writtenSchema } from "./fields/harness/leaves.ts";
import { keepAccounts } from "./fields/harness/trials.ts";

const areas = await readAreas();
const accounts = keepAccounts(areas);

describe("every field changes Envoy's configuration, infrastructure or status, or is named by a finding", () => {
  for (const kind of kinds) {
    test(kind.kind, () => {
      const leaves = leavesOf(writtenSchema(kind, kind.versions[0]));
      deepEqual(
        leaves.flatMap((leaf) => problemsOf(kind.kind, leaf)),
        [],
      );
    });
  }
});

test("where a field means nothing, somebody says so, on a machine and in a cluster", () => {
  const contexts = areas.filter(({ file }) => file === "contexts.yaml");
  equal(contexts.length, 1);
  deepEqual(contexts.flatMap(forgottenFields), []);
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
  const document = fieldsDocument(accounts, kinds);
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(file, document);
  equal(existsSync(file) ? readFileSync(file, "utf8") : "", document);
});

function problemsOf(kind: string, { path, schema }: Leaf): readonly string[] {
  const account = accounts.get(accountKey(kind, path));
  if (account === undefined) return [`${path}: no file of test/fields sets it`];
  const { findings, refused } = account;
  const without = withoutEffect(kind, path);
  if (without !== undefined && without.alike === undefined) {
    const { told } = without;
    return [
      ...(hasEffect(account) ? [`${path}: it has an effect, and is told to have none`] : []),
      ...(findings.size > 0 === (told !== undefined) ? [] : [`${path}: ${told ? "nobody" : "somebody"} says so`]),
    ];
  }
  if (refused.size > 0) return [];
  const choices = (schema.enum ?? []).filter((value) => value !== "");
  const known: ReadonlySet<unknown> = new Set<unknown>([...distinguished(account), ...(without?.alike ?? []).flat()]);
  return [
    ...(hasEffect(account) || findings.size > 0 ? [] : [`${path}: it makes no difference, and nobody says so`]),
    ...[...account.pairs.values()]
      .filter(({ differ, values }) => !differ && !areAlike(without, values))
      .map(
        ({ values, alike }) =>
          `${path}: ${values.map((value) => JSON.stringify(value)).join(" and ")} are the same ${alike}`,
      ),
    ...choices
      .filter((choice) => !known.has(choice))
      .map((choice) => `${path}: no file of test/fields tells ${JSON.stringify(choice)} from other values`),
  ];
}
