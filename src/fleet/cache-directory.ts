import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What can be made again, and is shared by every checkout. XDG Base Directory Specification: a relative XDG_CACHE_HOME is ignored. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const xdg = env["XDG_CACHE_HOME"];
  const cache = xdg !== undefined && isAbsolute(xdg) ? xdg : join(env["HOME"] ?? homedir(), ".cache");
  return join(cache, "gatewright");
}
