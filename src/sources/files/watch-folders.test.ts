import { deepEqual, equal } from "node:assert/strict";
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryDirectory, thing, watched } from "./testing/recorder.ts";

describe("folders", () => {
  test("new ones are followed at any depth", async (context) => {
    const directory = temporaryDirectory(context);
    const seen = await watched(context, [directory]);
    mkdirSync(join(directory, "x/y/z"), { recursive: true });
    writeFileSync(join(directory, "x/y/z/a.yaml"), thing("a", 1));
    await seen.value("a", 1);
    writeFileSync(join(directory, "x/y/z/a.yaml"), thing("a", 2));
    await seen.value("a", 2);
    writeFileSync(join(directory, "x/y/b.yaml"), thing("b", 1));
    await seen.value("b", 1);
  });

  test("removed ones take their objects along; made again, they are followed again", async (context) => {
    const directory = temporaryDirectory(context);
    const folder = join(directory, "x/y");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "a.yaml"), thing("a", 1));
    const seen = await watched(context, [directory]);
    for (const value of [2, 3]) {
      rmSync(join(directory, "x"), { recursive: true });
      await seen.until(() => seen.objects.size === 0);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "a.yaml"), thing("a", value));
      await seen.value("a", value);
    }
  });

  test("a folder that is replaced by another one is one change", async (context) => {
    const directory = temporaryDirectory(context);
    const live = join(directory, "live");
    const next = join(directory, "next");
    mkdirSync(live);
    for (const name of ["a", "b", "c"]) writeFileSync(join(live, `${name}.yaml`), thing(name, 1));
    cpSync(live, next, { recursive: true });
    writeFileSync(join(next, "a.yaml"), thing("a", 2));
    rmSync(join(next, "c.yaml"));
    const seen = await watched(context, [live]);
    renameSync(live, join(directory, "old"));
    renameSync(next, live);
    equal(await seen.value("a", 2), 1);
    deepEqual([...seen.objects.keys()].sort(), ["Thing default/a", "Thing default/b"]);
    writeFileSync(join(live, "a.yaml"), thing("a", 3));
    equal(await seen.value("a", 3), 1);
  });

  test("a folder that is removed and made at once is followed", async (context) => {
    const directory = join(temporaryDirectory(context), "x");
    mkdirSync(directory);
    writeFileSync(join(directory, "a.yaml"), thing("a", 1));
    const seen = await watched(context, [directory]);
    for (const value of [2, 3, 4]) {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
      writeFileSync(join(directory, "a.yaml"), thing("a", value));
      await seen.value("a", value);
    }
    equal(seen.valueOf("a"), 4);
  });

  test("a file gives way to a folder of its name, and back", async (context) => {
    const directory = temporaryDirectory(context);
    const path = join(directory, "a.yaml");
    writeFileSync(path, thing("a", 1));
    const seen = await watched(context, [directory]);
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, "b.yaml"), thing("b", 1));
    await seen.until(() => seen.valueOf("b") === 1 && seen.valueOf("a") === undefined);
    rmSync(path, { recursive: true });
    writeFileSync(path, thing("a", 2));
    await seen.until(() => seen.valueOf("a") === 2 && seen.valueOf("b") === undefined);
  });

  test("a path that isn't there is waited for, and so are its parents", async (context) => {
    const directory = temporaryDirectory(context);
    const path = join(directory, "x/y/routes");
    const seen = await watched(context, [path]);
    deepEqual(seen.findings, new Map([[path, ["no-such-file"]]]));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "a.yaml"), thing("a", 1));
    await seen.value("a", 1);
    await seen.until(() => seen.findings.size === 0);
    rmSync(join(directory, "x"), { recursive: true });
    await seen.until(() => seen.objects.size === 0 && seen.findings.size === 1);
  });
});

describe("symbolic links", () => {
  test("a mounted ConfigMap is swapped as a whole", async (context) => {
    const mount = temporaryDirectory(context);
    const publish = (version: number): void => {
      const data = join(mount, `..2026_11_21_${version}`);
      mkdirSync(data);
      for (const name of ["a", "b"]) writeFileSync(join(data, `${name}.yaml`), thing(name, version));
      symlinkSync(`..2026_11_21_${version}`, join(mount, "..data_tmp"));
      renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
      rmSync(join(mount, `..2026_11_21_${version - 1}`), { recursive: true, force: true });
    };
    publish(1);
    for (const name of ["a", "b"]) symlinkSync(`..data/${name}.yaml`, join(mount, `${name}.yaml`));
    const seen = await watched(context, [mount]);
    for (const version of [2, 3, 4]) {
      publish(version);
      equal(await seen.value("a", version), 1);
      equal(seen.valueOf("b"), version);
    }
    deepEqual(seen.findings, new Map());
  });

  test("a root below a link that is pointed elsewhere", async (context) => {
    const directory = temporaryDirectory(context);
    for (const release of [1, 2]) {
      mkdirSync(join(directory, `releases/${release}/gateway`), { recursive: true });
      writeFileSync(join(directory, `releases/${release}/gateway/a.yaml`), thing("a", release));
    }
    symlinkSync("releases/1", join(directory, "current"));
    const seen = await watched(context, [join(directory, "current/gateway")]);
    equal(seen.valueOf("a"), 1);
    symlinkSync("releases/2", join(directory, "next"));
    renameSync(join(directory, "next"), join(directory, "current"));
    equal(await seen.value("a", 2), 1);
    writeFileSync(join(directory, "releases/2/gateway/a.yaml"), thing("a", 3));
    equal(await seen.value("a", 3), 1);
  });

  test("a file that is a link to another folder", async (context) => {
    const directory = temporaryDirectory(context);
    const elsewhere = join(temporaryDirectory(context), "real.yaml");
    writeFileSync(elsewhere, thing("a", 1));
    symlinkSync(elsewhere, join(directory, "a.yaml"));
    const seen = await watched(context, [directory]);
    writeFileSync(elsewhere, thing("a", 2));
    equal(await seen.value("a", 2), 1);
    writeFileSync(`${elsewhere}.tmp`, thing("a", 3));
    renameSync(`${elsewhere}.tmp`, elsewhere);
    equal(await seen.value("a", 3), 1);
  });
});
