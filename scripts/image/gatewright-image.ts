import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { application } from "./application.ts";
import { type Layer, layers, user } from "./layers.ts";
import { type Image, type ImageConfiguration, writeArchive } from "./oci-archive.ts";
import type { Platform } from "./platform.ts";
import { writeRootFilesystem } from "./root-filesystem.ts";

const root = join(import.meta.dirname, "../..");

/** Where the image is to be pulled from, without its tag. */
export const repository = "gatewright.dev/gatewright";

/** The version in package.json. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

/** How containers start: as the controller's and the proxies' pods expect it. The Containerfile says the same. */
export function configuration(version: string): ImageConfiguration {
  return {
    User: `${user}:${user}`,
    Env: ["PATH=/usr/local/bin"],
    Entrypoint: ["/usr/local/bin/gatewright"],
    WorkingDir: "/",
    Labels: {
      "org.opencontainers.image.title": "gatewright",
      "org.opencontainers.image.description": "Kubernetes Gateway API on Envoy: controller and proxy",
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.version": version,
    },
  };
}

export interface BuildOptions {
  readonly platforms: readonly Platform[];
  /** What it says that it is, and its tag. */
  readonly version: string;
  /** Of all files, in seconds since 1970. */
  readonly time: number;
  /** Where compressed layers are kept. Default: the checkout's own cache. */
  readonly cache?: string;
}

/**
 * Writes the image as an OCI archive, and gives its digest: the same for the same sources, wherever and whenever it is built.
 *
 * @example await buildArchive("image.tar", { platforms, version: "0.1.0", time: 0 })  // "sha256:…"
 */
export async function buildArchive(
  path: string,
  { platforms, version, time, cache = join(root, ".cache/image/layers") }: BuildOptions,
): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  return await withLayers(platforms, version, async (all) => {
    const images: readonly Image[] = all.map(([platform, its]) => ({
      platform,
      layers: its,
      configuration: configuration(version),
    }));
    return await writeArchive(path, { name: `${repository}:${version}`, images, time, cache });
  });
}

/** Writes the files of the image below an empty folder. */
export async function buildRootFilesystem(
  folder: string,
  { platform, version, time }: Omit<BuildOptions, "platforms" | "cache"> & { readonly platform: Platform },
): Promise<void> {
  await withLayers([platform], version, async (all) => {
    const entries = all.flatMap(([, its]) => its.flatMap((layer) => layer.entries));
    writeRootFilesystem(folder, entries, time);
  });
}

/** Some files are in a folder that is there only while `use` runs. */
async function withLayers<T>(
  platforms: readonly Platform[],
  version: string,
  use: (layers: readonly (readonly [Platform, readonly Layer[]])[]) => Promise<T>,
): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), "gatewright-image-"));
  try {
    const all: (readonly [Platform, readonly Layer[]])[] = [];
    const own = application(work, version);
    for (const platform of platforms) all.push([platform, await layers(platform, own)]);
    return await use(all);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
