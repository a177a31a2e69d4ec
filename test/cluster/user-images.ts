import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildEchoBasic, echoBasicImage } from "../../conformance/programs.ts";
import { buildArchive, packageVersion } from "../../scripts/image/gatewright-image.ts";
import { thisPlatform } from "../../scripts/image/platform.ts";
import type { ClusterOptions } from "./cluster.ts";
import { writeProgramArchive } from "./containerd.ts";
import { machine } from "./images.ts";

/** What runs the containers: a runtime of our own, or Debian's containerd. */
export type ContainerRuntime = "processes" | "containerd";

type Images = Pick<ClusterOptions, "images" | "containerd">;

/**
 * Calls `use` with what a cluster needs to install Gatewright as a user does, and examples/cluster/quickstart.yaml: for containerd,
 * archives of the image (of each version) and of the quickstart's backend, which are there until it returns.
 */
export async function withUserImages<T>(
  runtime: ContainerRuntime,
  use: (images: Images) => Promise<T>,
  versions: readonly string[] = [packageVersion()],
): Promise<T> {
  const echoBasic = await buildEchoBasic();
  if (runtime === "processes") {
    const files = { ...machine, "/echo-basic": echoBasic };
    return await use({ images: [{ name: echoBasicImage, files, entrypoint: ["/echo-basic"] }] });
  }
  const cache = join(import.meta.dirname, "../../.cache/image");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "archives-"));
  try {
    const archives: string[] = [];
    for (const version of versions) {
      const archive = join(folder, `gatewright-${version}.tar`);
      await buildArchive(archive, { platforms: [thisPlatform()], version, time: 0 });
      archives.push(archive);
    }
    const echo = join(folder, "echo-basic.tar");
    await writeProgramArchive(echo, `${echoBasicImage}:v0.1.0`, echoBasic);
    return await use({ containerd: { archives: [...archives, echo] } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
