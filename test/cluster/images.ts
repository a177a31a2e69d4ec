import { join } from "node:path";
import { resolveEnvoy } from "../../src/fleet/resolve-envoy.ts";

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
export const machine: Readonly<Record<string, string>> = Object.fromEntries(
  ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ssl"].map((path) => [path, path]),
);

const root = join(import.meta.dirname, "../..");

/** The images that pods of every cluster can use. */
export async function images(): Promise<readonly Image[]> {
  // Node first: else `gatewright` would start under this machine's, and hand over.
  const path =
    "PATH=/opt/envoy:/opt/gatewright/node_modules/node/bin:/opt/gatewright/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const { path: envoy } = await resolveEnvoy();
  return [
    { name: "gatewright.dev/tools", files: machine, entrypoint: ["/bin/sh"] },
    // The controller and the proxies run the same image: `gatewright`, with the `envoy` that it drives.
    {
      name: "gatewright.dev/gatewright",
      files: { ...machine, "/opt/gatewright": root, "/opt/envoy/envoy": envoy },
      entrypoint: ["/opt/gatewright/node_modules/.bin/node", "/opt/gatewright/bin/gatewright"],
      environment: [path],
    },
  ];
}
