/**
 * Starts the demo backends of an example folder, and Gatewright on it, until Ctrl-C.
 *
 *     node scripts/demo.ts examples/quickstart [options of `gatewright run`]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findBackends } from "../examples/backends/find-backends.ts";
import { closeBackends, startBackends } from "../examples/backends/start.ts";

const [folder, ...options] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/demo.ts FOLDER [options of gatewright run]");
  process.exit(2);
}
const { backends } = await findBackends(folder);
const running = await startBackends(backends);
console.log("Demo backends:");
for (const { service, host, port } of backends) console.log(`  ${service.padEnd(12)} ${host}:${port}`);
console.log(`\nbin/gatewright run ${folder}   (Ctrl-C ends all)\n`);

const gatewright = spawn(join(import.meta.dirname, "../bin/gatewright"), ["run", folder, ...options], {
  stdio: "inherit",
});
// A terminal sends Ctrl-C to Gatewright too; it drains, and its end is ours.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => gatewright.kill("SIGTERM"));
await once(gatewright, "exit");
await closeBackends(running);
process.exitCode = gatewright.exitCode ?? 1;
