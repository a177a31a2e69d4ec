/**
 * An image as an archive in the OCI image layout (image-spec 1.1), which `ctr images import`, `docker load` (25 and later),
 * `podman load`, `skopeo` and `crane` read.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Entry, file } from "./entry.ts";
import type { Layer } from "./layers.ts";
import type { Platform } from "./platform.ts";
import { tar } from "./tar.ts";

/** How containers of an image start, in OCI's words. */
export interface ImageConfiguration {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** An image for one platform. */
export interface Image {
  readonly platform: Pick<Platform, "architecture">;
  readonly layers: readonly Layer[];
  readonly configuration: ImageConfiguration;
}

export interface ArchiveOptions {
  /** e.g. `gatewright.dev/gatewright:0.1.0` */
  readonly name: string;
  /** One for each platform. */
  readonly images: readonly Image[];
  /** Of all files, in seconds since 1970. */
  readonly time: number;
  /** Where layers are kept that are compressed already, by the hash of what is in them; made if it isn't there. */
  readonly cache: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Blob {
  readonly digest: string;
  readonly content: Buffer | { readonly file: string };
}

const type = (name: string) => `application/vnd.oci.image.${name}+json`;

/**
 * Writes the archive, and gives the digest of the image (with several platforms: of the index over them), by which it is pulled.
 */
export async function writeArchive(path: string, { name, images, time, cache }: ArchiveOptions): Promise<string> {
  const blobs = new Map<string, Blob>();
  const add = (mediaType: string, value: object): Descriptor => {
    const content = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    blobs.set(digest, { digest, content });
    return { mediaType, digest, size: content.length };
  };
  const created = new Date(time * 1000).toISOString().replace(".000", "");
  const manifests: (Descriptor & { readonly platform: object })[] = [];
  for (const { platform, layers, configuration } of images) {
    const { architecture } = platform;
    const written: WrittenLayer[] = [];
    for (const layer of layers) written.push(await writeLayer(layer.entries, time, cache));
    for (const { digest, path: content } of written) blobs.set(digest, { digest, content: { file: content } });
    const config = add(type("config.v1"), {
      created,
      architecture,
      os: "linux",
      config: configuration,
      rootfs: { type: "layers", diff_ids: written.map(({ contentDigest }) => contentDigest) },
      history: layers.map((layer) => ({ created, created_by: layer.name })),
    });
    const manifest = add(type("manifest.v1"), {
      schemaVersion: 2,
      mediaType: type("manifest.v1"),
      config,
      layers: written.map(({ digest, size }) => ({
        mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
        digest,
        size,
      })),
    });
    manifests.push({ ...manifest, platform: { architecture, os: "linux" } });
  }
  const [only, ...others] = manifests;
  if (only === undefined) throw new Error("an image needs a platform");
  const image =
    others.length === 0 ? only : add(type("index.v1"), { schemaVersion: 2, mediaType: type("index.v1"), manifests });
  const tag = name.slice(name.lastIndexOf(":") + 1);
  // containerd takes the whole name from its own annotation, and others the tag from OCI's.
  const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag };
  const index = { schemaVersion: 2, mediaType: type("index.v1"), manifests: [{ ...image, annotations }] };
  const entries: readonly Entry[] = [
    file("/oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
    file("/index.json", JSON.stringify(index)),
    ...[...blobs.values()].map(({ digest, content }) => file(`/blobs/${digest.replace(":", "/")}`, content)),
  ];
  await pipeline(tar(entries, time), createWriteStream(path));
  return image.digest;
}

interface WrittenLayer {
  readonly path: string;
  /** Of the compressed archive. */
  readonly digest: string;
  readonly size: number;
  /** Of the archive before it is compressed. */
  readonly contentDigest: string;
}

/** Compressing takes ten times as long as reading, so it is done once for the same content. */
async function writeLayer(entries: readonly Entry[], time: number, cache: string): Promise<WrittenLayer> {
  mkdirSync(cache, { recursive: true });
  const plain = createHash("sha256");
  await pipeline(tar(entries, time), plain);
  const contentDigest = plain.digest("hex");
  // How it is compressed is Node's business, which another version of it may do otherwise.
  const path = join(cache, `${contentDigest}-${process.versions.zlib}.tar.gz`);
  if (!existsSync(path)) {
    const partial = `${path}.${process.pid}`;
    try {
      await pipeline(tar(entries, time), createGzip(), createWriteStream(partial));
      renameSync(partial, path);
    } finally {
      rmSync(partial, { force: true });
    }
  }
  const compressed = createHash("sha256");
  await pipeline(createReadStream(path), compressed);
  return {
    path,
    digest: `sha256:${compressed.digest("hex")}`,
    size: statSync(path).size,
    contentDigest: `sha256:${contentDigest}`,
  };
}
