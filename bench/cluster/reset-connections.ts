import { execFileText } from "../../test/cluster/execute.ts";

const table = "gatewright_bench";

/** Has the kernel of a pod answer every TCP packet that comes with a reset, or no longer. @param pid of a process in the pod */
export async function resetConnections(pid: number, reset: boolean): Promise<void> {
  const rules = reset
    ? `table inet ${table} { chain input { type filter hook input priority 0; meta l4proto tcp reject with tcp reset; }; }`
    : `delete table inet ${table}`;
  await execFileText("nsenter", [`--net=/proc/${pid}/ns/net`, "--", "nft", rules]);
}
