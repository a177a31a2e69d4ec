import { readFileSync } from "node:fs";
import { execFileText } from "../../test/cluster/execute.ts";

/** Those processes that run one of these programs: `envoy`. */
export function running(programs: readonly string[], pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => programs.includes(programOf(pid) ?? ""));
}

/** Bytes that these Envoys have received from a cluster of theirs, by their own count. Their admin interface is on a port of their own host. */
export async function receivedBytes(
  envoys: readonly number[],
  { adminPort, cluster }: { readonly adminPort: number; readonly cluster: string },
): Promise<number> {
  const url = `http://127.0.0.1:${adminPort}/stats?filter=^cluster\\.${cluster}\\.upstream_cx_rx_bytes_total$`;
  const each = await Promise.all(
    envoys.map(async (pid) => {
      const inside = [`--net=/proc/${pid}/ns/net`, "--", "curl", "--silent", "--show-error", "--fail", "--globoff"];
      const bytes = /: (\d+)/.exec(await execFileText("nsenter", [...inside, url]))?.[1];
      if (bytes === undefined) throw new Error(`Envoy ${pid} doesn't say what it has received from ${cluster}`);
      return Number(bytes);
    }),
  );
  return each.reduce((sum, bytes) => sum + bytes, 0);
}

function programOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    // It has ended.
    return undefined;
  }
}
