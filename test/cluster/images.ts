/** An image is a name for files of this machine, which a container sees. */
export interface Image {
  /** Its repository, without tag or digest: every tag is the same. */
  readonly name: string;
  /** Path in the container to a file or folder here. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: readonly string[];
}

/** This machine's programs and the libraries that they need. */
const machine = Object.fromEntries(["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ssl"].map((path) => [path, path]));

/** The images that pods can use. */
export async function images(): Promise<readonly Image[]> {
  return [{ name: "gatewright.dev/tools", files: machine, entrypoint: ["/bin/sh"] }];
}
