import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { largestFile } from "./read-text.ts";
import { temporaryDirectory, thing, watched } from "./testing/recorder.ts";
import type { DocumentReader } from "./watch-files.ts";

describe("what is there at start", () => {
  test("is one batch, whatever the folder's depth", async (context) => {
    const directory = temporaryDirectory(context);
    mkdirSync(join(directory, "x/y"), { recursive: true });
    writeFileSync(join(directory, "a.yaml"), thing("a", 1));
    writeFileSync(join(directory, "x/y/b.yml"), thing("b", 1));
    const seen = await watched(context, [directory]);
    equal(seen.batches.length, 1);
    deepEqual([...seen.objects.keys()].sort(), ["Thing default/a", "Thing default/b"]);
  });

  test("an empty folder is an empty batch", async (context) => {
    const seen = await watched(context, [temporaryDirectory(context)]);
    deepEqual(seen.batches, [{ changes: [], findings: new Map() }]);
  });

  test("standard input is read once", async (context) => {
    const seen = await watched(context, ["-"], { readInput: async () => thing("a", 1) });
    equal(seen.valueOf("a"), 1);
  });

  test("a link to a parent ends", async (context) => {
    const directory = temporaryDirectory(context);
    writeFileSync(join(directory, "a.yaml"), thing("a", 1));
    symlinkSync(".", join(directory, "self"));
    const seen = await watched(context, [directory]);
    deepEqual(seen.findings, new Map());
    writeFileSync(join(directory, "a.yaml"), thing("a", 2));
    equal(await seen.value("a", 2), 1);
  });
});

/** How programs save a file. Each leaves `text` in `file`. */
const saves: Readonly<Record<string, (file: string, text: string) => void>> = {
  "in place, as VS Code, nano and cat > do": (file, text) => writeFileSync(file, text),
  "in place, in pieces": (file, text) => {
    const open = openSync(file, "w");
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) writeSync(open, piece);
    closeSync(open);
  },
  "a hidden file renamed over it": (file, text) => {
    const temporary = join(file, "../.tmp-1");
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  },
  "another *.yaml renamed over it": (file, text) => {
    writeFileSync(`${file}.new.yaml`, text);
    renameSync(`${file}.new.yaml`, file);
  },
  "a backup, then a new file, as vim does": (file, text) => {
    const probe = join(file, "../4913");
    writeFileSync(probe, "");
    unlinkSync(probe);
    writeFileSync(join(file, "../.a.yaml.swp"), "swap");
    renameSync(file, `${file}~`);
    writeFileSync(file, text);
    unlinkSync(`${file}~`);
    unlinkSync(join(file, "../.a.yaml.swp"));
  },
  "removed and made again": (file, text) => {
    rmSync(file);
    writeFileSync(file, text);
  },
  "sed -i": (file, text) => {
    const [value] = /value: .*/.exec(text) ?? [];
    execFileSync("sed", ["-i", `s/value: .*/${value}/`, file]);
  },
  cp: (file, text) => {
    const other = join(file, "../other");
    writeFileSync(other, text);
    execFileSync("cp", [other, file]);
  },
  mv: (file, text) => {
    const other = join(file, "../other");
    writeFileSync(other, text);
    execFileSync("mv", [other, file]);
  },
};

describe("a save is one change", () => {
  for (const [how, save] of Object.entries(saves)) {
    test(how, async (context) => {
      const directory = temporaryDirectory(context);
      const file = join(directory, "a.yaml");
      writeFileSync(file, thing("a", 0));
      const seen = await watched(context, [directory]);
      for (const value of [1, 2, 3]) {
        save(file, thing("a", value));
        equal(await seen.value("a", value), 1);
      }
      deepEqual(seen.findings, new Map());
    });
  }

  test("vim itself", async (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "a.yaml");
    writeFileSync(file, thing("a", 0));
    const vim = ["vim", "vim.tiny"].find((name) => spawnSync(name, ["--version"]).status === 0);
    if (vim === undefined) {
      if (process.env["CI"] === "true") throw new Error("vim not found, and CI skips nothing");
      context.skip("vim not found: scripts/install-test-programs.sh installs what tests need");
      return;
    }
    const seen = await watched(context, [directory]);
    for (const [value, copy] of [
      [1, "yes"],
      [2, "no"],
      [3, "auto"],
    ] as const) {
      const commands = [`set backup writebackup backupdir=. backupcopy=${copy}`, `%s/value: .*/value: ${value}/`, "wq"];
      const script = commands.flatMap((command) => ["-c", command]);
      execFileSync(vim, ["-N", "-u", "NONE", "-es", ...script, file], { cwd: directory, stdio: "ignore" });
      equal(await seen.value("a", value), 1);
    }
    deepEqual(seen.findings, new Map());
  });

  test("also of a file that was named itself, whatever its name", async (context) => {
    for (const [how, save] of Object.entries(saves)) {
      const file = join(temporaryDirectory(context), "resources.txt");
      writeFileSync(file, thing("a", 0));
      const seen = await watched(context, [file]);
      save(file, thing("a", 1));
      equal(await seen.value("a", 1), 1, how);
    }
  });
});

describe("files that are not resources", () => {
  test("change nothing", async (context) => {
    const directory = temporaryDirectory(context);
    const seen = await watched(context, [directory]);
    for (const name of ["a.yaml~", ".a.yaml.swp", "4913", "#a.yaml#", ".#a.yaml", "a.yaml.orig", "README.md"]) {
      writeFileSync(join(directory, name), thing(`from-${name}`, 1));
    }
    mkdirSync(join(directory, ".git"));
    writeFileSync(join(directory, ".git/a.yaml"), thing("git", 1));
    writeFileSync(join(directory, "b.yaml"), thing("b", 1));
    equal(await seen.value("b", 1), 1);
    deepEqual([...seen.objects.keys()], ["Thing default/b"]);
  });
});

describe("half-written files", () => {
  test("a truncated file is no removal", async (context) => {
    const file = join(temporaryDirectory(context), "a.yaml");
    writeFileSync(file, thing("a", 1));
    const other = join(file, "../b.yaml");
    const seen = await watched(context, [file, other]);
    const open = openSync(file, "w");
    writeFileSync(other, thing("b", 1));
    await seen.value("b", 1);
    writeSync(open, thing("a", 2));
    closeSync(open);
    await seen.value("a", 2);
    equal(
      seen.batches.some((batch) => batch.changes.some(({ object }) => object === undefined)),
      false,
    );
  });

  test("what doesn't parse is reported, and the last good version stays until it does", async (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "a.yaml");
    writeFileSync(file, thing("a", 1));
    const seen = await watched(context, [directory]);
    const open = openSync(file, "w");
    writeSync(open, "apiVersion: test/v1\nkind: [");
    await seen.until(() => seen.findings.size > 0);
    deepEqual(seen.findings.get(file), ["yaml-syntax", "last-good-version"]);
    equal(seen.valueOf("a"), 1);
    writeSync(open, `]\n---\n${thing("a", 2)}`);
    closeSync(open);
    await seen.value("a", 2);
    deepEqual(seen.findings, new Map());
  });

  test("a file that is written to without a pause is taken as far as it parses", async (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "a.yaml");
    const seen = await watched(context, [directory], { settle: { written: 300, atMost: 400 } });
    writeFileSync(file, thing("a", 0));
    const writing = setInterval(() => appendFileSync(file, "# more\n"), 20);
    context.after(() => clearInterval(writing));
    await seen.value("a", 0);
    clearInterval(writing);
  });

  test("an emptied file is believed in the end", async (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "a.yaml");
    writeFileSync(file, thing("a", 1));
    const seen = await watched(context, [directory], { settle: { atMost: 100 } });
    writeFileSync(file, "");
    await seen.until(() => seen.objects.size === 0);
  });
});

describe("a refused document", () => {
  test("is reported, keeps its last good version, and lets the rest of the file through", async (context) => {
    const directory = temporaryDirectory(context);
    const file = join(directory, "a.yaml");
    writeFileSync(file, `${thing("a", 1)}---\n${thing("b", 1)}`);
    const seen = await watched(context, [directory]);
    writeFileSync(file, `${thing("a", "refused")}---\n${thing("b", 2)}`);
    await seen.value("b", 2);
    equal(seen.valueOf("a"), 1);
    deepEqual(seen.findings.get(file), ["broken-rule", "last-good-version"]);
    rmSync(file);
    await seen.until(() => seen.objects.size === 0);
    deepEqual(seen.findings, new Map());
  });
});

describe("several files at once", () => {
  test("1,000 new files are few batches, and a change of one reads one", async (context) => {
    const directory = temporaryDirectory(context);
    const seen = await watched(context, [directory]);
    for (let index = 0; index < 1000; index++) {
      writeFileSync(join(directory, `${index}.yaml`), thing(`t${index}`, 1));
    }
    const batches = await seen.until(() => seen.objects.size === 1000, 1);
    ok(batches <= 10, `${batches} batches`);
    writeFileSync(join(directory, "7.yaml"), thing("t7", 2));
    equal(await seen.value("t7", 2), 1);
    equal(seen.batches.at(-1)?.changes.length, 1);
  });

  test("a file that gets another name is no removal", async (context) => {
    const directory = temporaryDirectory(context);
    writeFileSync(join(directory, "a.yaml"), thing("a", 1));
    const seen = await watched(context, [directory]);
    renameSync(join(directory, "a.yaml"), join(directory, "b.yaml"));
    writeFileSync(join(directory, "c.yaml"), thing("c", 1));
    await seen.value("c", 1);
    const changed = seen.batches.slice(1).flatMap((batch) => batch.changes.map(({ key }) => key));
    deepEqual(changed, ["default/c"]);
    writeFileSync(join(directory, "b.yaml"), thing("a", 2));
    await seen.value("a", 2);
  });

  test("the same object in two files: the other takes over", async (context) => {
    const directory = temporaryDirectory(context);
    writeFileSync(join(directory, "b.yaml"), thing("a", "b"));
    const seen = await watched(context, [directory]);
    writeFileSync(join(directory, "a.yaml"), thing("a", "a"));
    await seen.value("a", "a");
    deepEqual(seen.findings, new Map([[join(directory, "b.yaml"), ["duplicate-object"]]]));
    rmSync(join(directory, "a.yaml"));
    await seen.value("a", "b");
    deepEqual(seen.findings, new Map());
  });
});

test("a file that can't be read is reported, and its last good version stays", async (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, "a.yaml");
  writeFileSync(file, thing("a", 1));
  const seen = await watched(context, [directory]);
  truncateSync(file, largestFile + 1);
  await seen.until(() => seen.findings.size > 0);
  deepEqual(seen.findings.get(file), ["unreadable", "last-good-version"]);
  equal(seen.valueOf("a"), 1);
  writeFileSync(file, thing("a", 2));
  await seen.value("a", 2);
  deepEqual(seen.findings, new Map());
});

function readName(file: string): DocumentReader {
  const metadata = { namespace: "default", name: basename(file) };
  const reference = { group: "test", kind: "Thing", ...metadata };
  const object = { apiVersion: "test/v1", kind: "Thing", metadata };
  return () => [{ reference, object, findings: [], locate: () => undefined }];
}

test("more changes than the system's queue holds are all seen", async (context) => {
  const directory = temporaryDirectory(context);
  const seen = await watched(context, [directory], { readerOf: readName });
  // Linux queues 16,384 events, and nobody takes one out while this loop runs.
  for (let index = 0; index < 10_000; index++) writeFileSync(join(directory, `${index}.yaml`), "text");
  await seen.until(() => seen.objects.size === 10_000);
});
