import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { application } from "../scripts/image/application.ts";
import type { Content, Entry } from "../scripts/image/entry.ts";
import { buildArchive, configuration, packageVersion } from "../scripts/image/gatewright-image.ts";
import { layers } from "../scripts/image/layers.ts";
import { type Platform, platforms, thisPlatform } from "../scripts/image/platform.ts";
import { writeRootFilesystem } from "../scripts/image/root-filesystem.ts";
import { untar } from "../scripts/image/tar.ts";

const root = join(import.meta.dirname, "..");
const version = packageVersion();

describe("the image", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gatewright-image-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("is the same, byte for byte, when it is built again", async () => {
    const options = { platforms: [thisPlatform()], version, time: 0 };
    // With layers that an earlier build has left, if one has; and then without.
    const digest = await buildArchive(join(folder, "image.tar"), options);
    match(digest, /^sha256:[0-9a-f]{64}$/);
    const umask = process.umask(0o077);
    try {
      const again = await buildArchive(join(folder, "again.tar"), { ...options, cache: join(folder, "layers") });
      equal(again, digest);
    } finally {
      process.umask(umask);
    }
    equal(hashOf(join(folder, "again.tar")), hashOf(join(folder, "image.tar")));
  });

  test("says how its containers start, and that each blob is what its digest says", async () => {
    const blobs = await read(join(folder, "image.tar"));
    const json = (path: string) => JSON.parse(String(blobs.get(path)));
    const { manifests } = json("/index.json");
    equal(manifests[0].annotations["io.containerd.image.name"], `gatewright.dev/gatewright:${version}`);
    const blob = (digest: string) => `/blobs/${digest.replace(":", "/")}`;
    const manifest = json(blob(manifests[0].digest));
    const config = json(blob(manifest.config.digest));
    deepEqual(config.config, configuration(version));
    equal(config.created, "1970-01-01T00:00:00Z");
    equal(config.architecture, thisPlatform().architecture);
    equal(manifest.layers.length, config.rootfs.diff_ids.length);
    for (const layer of manifest.layers) equal(blobs.get(blob(layer.digest))?.length, layer.size);
    const listed = [
      "/oci-layout",
      "/index.json",
      ...[manifests[0], manifest.config, ...manifest.layers].map((each) => blob(each.digest)),
    ];
    deepEqual([...blobs.keys()].sort(), listed.sort());
  });

  test("the Containerfile says the same", () => {
    const lines = readFileSync(join(root, "Containerfile"), "utf8").split("\n");
    const last = lines.slice(lines.lastIndexOf("FROM scratch"));
    const argument = (instruction: string) =>
      last.find((line) => line.startsWith(`${instruction} `))?.slice(instruction.length + 1);
    const { User, Env, Entrypoint, Labels } = configuration(version);
    equal(argument("USER"), User);
    deepEqual([argument("ENV")], Env);
    deepEqual(JSON.parse(argument("ENTRYPOINT") ?? ""), Entrypoint);
    deepEqual(
      last.filter((line) => line.startsWith("LABEL ")),
      Object.entries(Labels ?? {}).map(([name, value]) => `LABEL ${name}="${value}"`),
    );
  });

  describe("of both platforms", () => {
    let own: readonly Entry[] = [];
    const all = new Map<Platform, readonly Entry[]>();
    before(async () => {
      const work = mkdtempSync(join(folder, "work-"));
      own = application(work, "1.2.3-test");
      // This fails if a library is missing that a program names.
      for (const platform of platforms)
        all.set(
          platform,
          (await layers(platform, own)).flatMap((layer) => layer.entries),
        );
    });

    test("has programs of its platform, what they need, and nothing else", () => {
      for (const [platform, entries] of all) {
        const programs = entries.filter(isFile).filter(({ mode }) => (mode & 0o111) !== 0);
        deepEqual(
          programs.map(({ path }) => path).filter((path) => !path.startsWith(`/lib/${platform.triplet}/`)),
          ["/usr/local/bin/node", "/usr/local/bin/envoy", "/opt/gatewright/bin/gatewright"],
        );
        for (const { path, content } of programs) {
          if (path === "/opt/gatewright/bin/gatewright")
            match(bytesOf(content).toString(), /^#!\/usr\/local\/bin\/node\n/);
          // e_machine of the ELF header: x86-64 and AArch64.
          else equal(bytesOf(content).readUInt16LE(18), platform.architecture === "amd64" ? 62 : 183, path);
        }
        const writable = entries.filter((entry) => entry.kind !== "link" && (entry.mode & 0o7022) !== 0);
        deepEqual(
          writable.map(({ path }) => path),
          ["/tmp"],
        );
      }
    });

    test("has the dependencies of run time, and none of development", () => {
      const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
      const packages = /^\/opt\/gatewright\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
      const installed = new Set(own.flatMap(({ path }) => packages.exec(path)?.[1] ?? []));
      deepEqual(
        Object.keys(dependencies).filter((name) => !installed.has(name)),
        [],
      );
      deepEqual(
        Object.keys(devDependencies).filter((name) => installed.has(name)),
        [],
      );
    });

    test("has programs that run with nothing but its files", () => {
      const files = join(folder, "files");
      writeRootFilesystem(files, all.get(thisPlatform()) ?? [], 0);
      const run = (...command: readonly string[]) => {
        const chroot = ["--user", "--map-root-user", `--root=${files}`, "--", ...command];
        const env = { PATH: "/usr/local/bin" };
        const { status, stdout, stderr } = spawnSync("/usr/bin/unshare", chroot, { encoding: "utf8", env });
        return { status, said: stdout + stderr };
      };
      deepEqual(run("node", "--version"), { status: 0, said: `${process.version}\n` });
      match(run("envoy", "--version").said, /\/1\.40\.0\//);
      deepEqual(run("gatewright", "--version"), { status: 0, said: "1.2.3-test\n" });
      // As the hook of a pod that ends. There is no Envoy to drain, which is another matter.
      const drained = run("gatewright", "drain", "--admin-socket", "/tmp/admin.sock");
      equal(drained.status, 2, drained.said);
      match(drained.said, /^gatewright: .*\/tmp\/admin\.sock/);
      // With the schemas that it reads as files, and with what it loads only then.
      const validated = run("gatewright", "validate", "/opt/gatewright/package.json");
      match(validated.said, /^\/opt\/gatewright\/package\.json:1:1/m);
      deepEqual(run("node", "-p", "os.userInfo(65532).username"), { status: 0, said: "root\n" });
      equal(run("sh", "-c", "true").status, 127);
    });
  });
});

function isFile(entry: Entry): entry is Extract<Entry, { kind: "file" }> {
  return entry.kind === "file";
}

function bytesOf(content: Content): Buffer {
  return typeof content === "object" && "file" in content ? readFileSync(content.file) : Buffer.from(content);
}

function hashOf(path: string): string {
  return execFileSync("sha256sum", [path], { encoding: "utf8" }).split(" ")[0] ?? "";
}

/** The files of an archive, by their paths. */
async function read(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await untar(createReadStream(path), () => true);
  return new Map(entries.filter(isFile).map((entry) => [entry.path, bytesOf(entry.content)]));
}
