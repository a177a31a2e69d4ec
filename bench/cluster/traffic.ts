import { execFileText } from "../../test/cluster/execute.ts";

/** Bytes of IP packets, headers and handshakes included. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
}

/** The port of the API server's Service, as pods see it. */
export const apiPort = 443;

/**
 * Begins to count what a pod sends to and receives from a TCP port, be it its own or somebody else's: by nftables, in the pod's own
 * network, so whoever else talks to that port does not matter.
 *
 * @param pid a process of the pod, on this machine
 * @returns what was counted so far
 */
export async function countTraffic(pid: number, port: number): Promise<() => Promise<Traffic>> {
  const table = `inet bench-${port}`;
  await nft(
    pid,
    `table ${table} {
      counter received {}
      counter sent {}
      chain input { type filter hook input priority 0; tcp dport ${port} counter name received; tcp sport ${port} counter name received; }
      chain output { type filter hook output priority 0; tcp dport ${port} counter name sent; tcp sport ${port} counter name sent; }
    }`,
  );
  return async () => {
    const text = await nft(pid, `list counters table ${table}`);
    const bytes = (counter: string) =>
      Number(new RegExp(`counter ${counter} \\{\\s*packets \\d+ bytes (\\d+)`).exec(text)?.[1]);
    return { received: bytes("received"), sent: bytes("sent") };
  };
}

async function nft(pid: number, commands: string): Promise<string> {
  const file = ["--file", "-"];
  return await execFileText("nsenter", [`--net=/proc/${pid}/ns/net`, "nft", ...file], { input: commands });
}
