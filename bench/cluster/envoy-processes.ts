import { readFileSync } from "node:fs";
import { execFileText } from "../../test/cluster/execute.ts";

/** Those processes that run one of these programs: `envoy`. */
export function running(programs: readonly string[], pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => programs.includes(programOf(pid) ?? ""));
}

/** Where the admin interface of an Envoy in a pod is: a port of the pod's own host, or a socket among its container's files. */
export type AdminInterface = { readonly port: number } | { readonly socket: string };

/** Bytes that these Envoys have received from a cluster of theirs, by their own count. */
export async function receivedBytes(
  envoys: readonly number[],
  admin: AdminInterface,
  cluster: string,
): Promise<number> {
  const each = await Promise.all(
    envoys.map(async (pid) => {
      const path = `/stats?filter=^cluster\\.${cluster}\\.upstream_cx_rx_bytes_total$`;
      const bytes = /: (\d+)/.exec(await ask(pid, admin, path))?.[1];
      if (bytes === undefined) throw new Error(`Envoy ${pid} doesn't say what it has received from ${cluster}`);
      return Number(bytes);
    }),
  );
  return each.reduce((sum, bytes) => sum + bytes, 0);
}

function ask(pid: number, admin: AdminInterface, path: string): Promise<string> {
  const where =
    "port" in admin
      ? [`http://127.0.0.1:${admin.port}${path}`]
      : // The container's files, seen from here.
        ["--unix-socket", `/proc/${pid}/root${admin.socket}`, `http://envoy${path}`];
  const curl = ["curl", "--silent", "--show-error", "--fail", "--globoff", ...where];
  return execFileText("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...curl]);
}

function programOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It has ended.
    return undefined;
  }
}
