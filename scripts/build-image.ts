/**
 * Builds the image of the controller and its proxies, without a container engine: see docs/install.md.
 *
 *     node scripts/build-image.ts                                          # .cache/image/gatewright-0.1.0.tar for this machine's platform
 *     node scripts/build-image.ts --platform linux/amd64,linux/arm64       # one archive for both
 *     node scripts/build-image.ts --version 0.1.0-rc.1 --output image.tar
 *     node scripts/build-image.ts --root-filesystem FOLDER                 # its files alone, as the Containerfile copies them
 *
 * SOURCE_DATE_EPOCH is the time of all files (default: 0, so that the same sources make the same image).
 */
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildArchive, buildRootFilesystem, packageVersion, repository } from "./image/gatewright-image.ts";
import { platformOf, thisPlatform } from "./image/platform.ts";

const { values } = parseArgs({
  options: {
    platform: { type: "string" },
    version: { type: "string", default: packageVersion() },
    output: { type: "string" },
    "root-filesystem": { type: "string" },
  },
});
const platforms = values.platform === undefined ? [thisPlatform()] : values.platform.split(",").map(platformOf);
const options = { version: values.version, time: Number(process.env["SOURCE_DATE_EPOCH"] ?? 0) };
const folder = values["root-filesystem"];
const [platform, ...others] = platforms;
if (folder !== undefined && platform !== undefined && others.length === 0) {
  await buildRootFilesystem(folder, { ...options, platform });
} else if (folder !== undefined) {
  throw new Error("a root file system is of one platform");
} else {
  const output = values.output ?? `.cache/image/gatewright-${values.version}.tar`;
  const digest = await buildArchive(output, { ...options, platforms });
  const megabytes = (statSync(output).size / 1e6).toFixed(1);
  console.log(`${output}: ${repository}:${values.version}, ${megabytes} MB\n${digest}`);
}
