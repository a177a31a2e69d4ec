import { deepEqual, rejects } from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeDirectory } from "./make-directory.ts";

describe("makeDirectory", () => {
  test("makes those above, and takes one that is there", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    t.after(() => rm(root, { recursive: true }));
    await makeDirectory(join(root, "a/b/c"));
    await makeDirectory(join(root, "a/b/c"));
    deepEqual(await readdir(join(root, "a/b")), ["c"]);
    await writeFile(join(root, "file"), "");
    await rejects(makeDirectory(join(root, "file/d")), { code: "EEXIST" });
    await rejects(makeDirectory(join(root, "file")), { code: "EEXIST" });
  });

  test("gives up where nothing can be made", { skip: !existsSync("/proc/self") && "there is no /proc" }, async () => {
    await rejects(makeDirectory("/proc/gatewright/cache/envoy"), { code: "ENOENT" });
  });
});
