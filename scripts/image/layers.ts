import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { linkage } from "./elf.ts";
import { directory, type Entry, file, program } from "./entry.ts";
import type { Platform } from "./platform.ts";
import { debianFiles, envoyBinary, nodeFiles } from "./sources.ts";

/** A part of an image that changes by itself, with what it is told as in an image's history. */
export interface Layer {
  readonly name: string;
  readonly entries: readonly Entry[];
}

/** The user that containers run as where nobody says otherwise: the number that distroless images use, too. */
export const user = 65_532;

/** glibc, and what C++ needs. Names are resolved by what is in libc itself. */
const libraries = [
  "libc.so.6",
  "libdl.so.2",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
  "libgcc_s.so.1",
  "libstdc++.so.6",
  "libstdc++.so.6.0.30",
];

/** What containers find beside programs. */
const system: readonly Entry[] = [
  directory("/tmp", 0o1777),
  file("/etc/passwd", `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${user}:${user}:nonroot:/tmp:/sbin/nologin\n`),
  file("/etc/group", `root:x:0:\nnonroot:x:${user}:\n`),
  file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
  // Mozilla's, as the pinned Node has them.
  file("/etc/ssl/certs/ca-certificates.crt", `${rootCertificates.join("\n")}\n`),
];

/**
 * The layers of the image, from what seldom changes to what always does.
 *
 * @param application the same for all platforms
 * @throws Error when something can't be fetched, or a program needs a library that the image hasn't
 */
export async function layers(platform: Platform, application: readonly Entry[]): Promise<readonly Layer[]> {
  const folder = `/lib/${platform.triplet}`;
  const base = await debianFiles(
    platform,
    (path) =>
      path === platform.loader ||
      path.startsWith(`${folder}/ld-linux-`) ||
      libraries.some((name) => path === `${folder}/${name}` || path === `/usr${folder}/${name}`) ||
      /^\/usr\/share\/doc\/[^/]+(\/copyright)?$/.test(path),
  );
  const node = (await nodeFiles(platform)).map((entry) =>
    entry.path === "/package/bin/node"
      ? { ...entry, path: "/usr/local/bin/node" }
      : { ...entry, path: "/usr/share/doc/node/LICENSE" },
  );
  const envoy = program("/usr/local/bin/envoy", { file: await envoyBinary(platform) });
  const paths = new Set(base.map(({ path }) => path));
  for (const entry of [...node, envoy]) {
    if (entry.kind !== "file" || entry.mode !== 0o755) continue;
    const { content } = entry;
    const bytes = typeof content === "object" && "file" in content ? readFileSync(content.file) : Buffer.from(content);
    const { loader, libraries: needed } = linkage(bytes);
    const places = needed.map((name) => [`${folder}/${name}`, `/usr${folder}/${name}`]);
    for (const candidates of [[loader ?? ""], ...places]) {
      if (!candidates.some((path) => paths.has(path)))
        throw new Error(`${entry.path} needs ${candidates[0]}, which scripts/image/layers.ts leaves out`);
    }
  }
  return [
    { name: "libraries", entries: [...system, ...base] },
    { name: "node", entries: node },
    { name: "envoy", entries: [envoy] },
    { name: "gatewright", entries: application },
  ];
}
