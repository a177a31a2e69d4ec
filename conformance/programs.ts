import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { download } from "../scripts/generate/go.ts";
import { build } from "../test/cluster/programs.ts";

/** The last release of the suite that carried the echo server which its successors take from a module of its own. */
const echoServers = {
  path: "sigs.k8s.io/gateway-api/conformance",
  version: "v1.6.3",
  sum: "h1:UxhSb1GrDsyl+PdKe3g8a/BFWgP6hzy2PPFmZRgqeMQ=",
} as const;

const module = import.meta.dirname;
const images = join(module, "images");

export interface ConformancePrograms {
  /** The upstream suite, with the suite's own flags. */
  readonly suite: string;
  /** The server of the image {@link echoBasicImage}. */
  readonly echoBasic: string;
}

/** The paths of both. Built once; see {@link build}. */
export async function buildConformance(): Promise<ConformancePrograms> {
  // First, for the suite imports the server's types.
  const echoBasic = await buildEchoBasic();
  return {
    suite: await build({ name: "conformance.test", module, package: ".", test: true, minimumGo: "1.27" }),
    echoBasic,
  };
}

/** The name of the echo server's image, without a tag. */
export const echoBasicImage = "registry.k8s.io/gateway-api/conformance/echo-basic";

/** The path of the echo server, which examples/cluster/quickstart.yaml uses, too. */
export async function buildEchoBasic(): Promise<string> {
  copyEchoBasic();
  return await build({ name: "echo-basic", module: images, package: "./echo-basic" });
}

/** From the module that has it, under the import path that the suite now expects it at. */
function copyEchoBasic(): void {
  const source = download(echoServers);
  const copy = join(images, "echo-basic");
  rmSync(copy, { recursive: true, force: true });
  for (const file of globSync("echo-basic/**/*.go", { cwd: source })) {
    if (file.endsWith("_test.go")) continue;
    const text = readFileSync(join(source, file), "utf8").replaceAll(
      `"${echoServers.path}/echo-basic/`,
      '"sigs.k8s.io/gateway-api-conformance-images/echo-basic/',
    );
    const path = join(images, file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
  cpSync(join(source, "LICENSE"), join(copy, "LICENSE"));
}
