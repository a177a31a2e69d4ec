import { deepEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { findFiles } from "./find-files.ts";

describe("findFiles", () => {
  let root = "";
  const at = (...names: readonly string[]): string => join(root, ...names);
  before(() => {
    root = mkdtempSync(join(tmpdir(), "find-files-"));
    for (const directory of ["a/b", "a/.hidden", "a/node_modules", "empty", "a/..2026"]) {
      mkdirSync(at(directory), { recursive: true });
    }
    for (const file of [
      "a/z.yaml",
      "a/b/one.yml",
      "a/b/two.JSON",
      "a/b/notes.txt",
      "a/.swap.yaml",
      "a/.hidden/x.yaml",
      "a/node_modules/x.yaml",
      "a/..2026/mounted.yaml",
      "named.txt",
    ]) {
      writeFileSync(at(file), "");
    }
    symlinkSync("..2026", at("a/..data"));
    symlinkSync("..data/mounted.yaml", at("a/mounted.yaml"));
    symlinkSync("..", at("a/b/loop"));
    symlinkSync("nowhere", at("a/dangling.yaml"));
  });
  after(() => rmSync(root, { recursive: true }));

  test("a directory is searched in order; hidden ones, node_modules and other files are left out", async () => {
    const { files, problems } = await findFiles([at("a")]);
    deepEqual(files, [at("a/b/one.yml"), at("a/b/two.JSON"), at("a/mounted.yaml"), at("a/z.yaml")]);
    deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [["no-such-file", `${at("a/dangling.yaml")} does not exist.`]],
    );
  });

  test("a named file is taken whatever its name, each directory once, and - is passed on", async () => {
    const { files, problems } = await findFiles([at("named.txt"), "-", at("a/b"), at("a/b/one.yml")]);
    deepEqual(files, [
      at("named.txt"),
      "-",
      at("a/b/loop/mounted.yaml"),
      at("a/b/loop/z.yaml"),
      at("a/b/one.yml"),
      at("a/b/two.JSON"),
    ]);
    deepEqual(problems.length, 1);
  });

  test("what is not there is a problem, an empty directory a warning, and the rest is found", async () => {
    const { files, problems } = await findFiles([at("missing"), at("empty"), at("a/z.yaml")]);
    deepEqual(files, [at("a/z.yaml")]);
    deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [
        ["no-such-file", "error"],
        ["no-files", "warning"],
      ],
    );
  });
});
