/** A platform that the image is made for, and what others call it. */
export interface Platform {
  /** Docker's and OCI's word for the processor; Debian's too. */
  readonly architecture: "amd64" | "arm64";
  /** As in `docker build --platform`. */
  readonly name: string;
  /** Node's, `${platform}-${arch}`. */
  readonly node: string;
  /** The folder of libraries that Debian names after the platform. */
  readonly triplet: string;
  /** Which program the kernel starts dynamically linked programs with: written into them by their linker. */
  readonly loader: string;
}

export const platforms: readonly Platform[] = [
  {
    architecture: "amd64",
    name: "linux/amd64",
    node: "linux-x64",
    triplet: "x86_64-linux-gnu",
    loader: "/lib64/ld-linux-x86-64.so.2",
  },
  {
    architecture: "arm64",
    name: "linux/arm64",
    node: "linux-arm64",
    triplet: "aarch64-linux-gnu",
    loader: "/lib/ld-linux-aarch64.so.1",
  },
];

/** @throws Error that names those that there are */
export function platformOf(name: string): Platform {
  const found = platforms.find((platform) => platform.name === name);
  if (found === undefined) throw new Error(`${name} is none of ${platforms.map((each) => each.name).join(", ")}`);
  return found;
}

/** This machine's. */
export function thisPlatform(): Platform {
  const node = `${process.platform}-${process.arch}`;
  const found = platforms.find((platform) => platform.node === node);
  if (found === undefined) throw new Error(`no image is made for ${node}; name another with --platform`);
  return found;
}
