/**
 * Starts the demo backends of example folders, and runs until it is stopped.
 *
 *     node examples/backends/main.ts examples/quickstart
 */
import { join } from "node:path";
import { authorityIn, passthroughHostnames } from "../seeds/make-certificates.ts";
import { findBackends } from "./find-backends.ts";
import { type BackendOptions, closeBackends, startBackends } from "./start.ts";

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("usage: node examples/backends/main.ts FOLDER…");
  process.exit(2);
}
const found = await Promise.all(folders.map(findBackends));
const backends = found.flatMap((folder) => folder.backends);
const running = await startBackends(backends, await options());

for (const { service, protocol, host, port } of backends) console.log(`${service}\t${protocol}\t${host}:${port}`);
for (const { service, appProtocol, address } of found.flatMap((folder) => folder.foreign)) {
  console.log(`${service}\t${appProtocol}\t${address}\t(not a demo backend: start your own)`);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void closeBackends(running));

/** HTTPS backends present a certificate for the hostnames that are passed through to them. */
async function options(): Promise<BackendOptions> {
  if (!backends.some(({ protocol }) => protocol === "https")) return {};
  const authority = await authorityIn(join(import.meta.dirname, "../seeds/certificates"));
  const hostnames = await Promise.all(folders.map(passthroughHostnames));
  return { certificate: await authority.issue(hostnames.flat()) };
}
