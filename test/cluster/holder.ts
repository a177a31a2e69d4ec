/**
 * The namespaces of a cluster. They have no name on the machine: one process, the holder, keeps them, and with it goes
 * everything in them, because it is the first process of their PID namespace. So nothing has to be cleaned up one by one.
 *
 * - network: plays the node's; the pods' hang on it
 * - mount: with folders in memory for all that the cluster writes
 * - PID
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { layout } from "./layout.ts";

/** The process that keeps a cluster's namespaces. */
export interface Holder {
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot: process ids are used again. */
  readonly startTime: string;
}

const setup = `
set -eu
# Files go to memory. What is there of this machine's /var stays to be seen, and nothing is written to it.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/var,upperdir=/run/upper,workdir=/run/work overlay /var
for folder in etcd kubelet runtime containerd; do
  mkdir -p "/var/lib/$folder"
  mount -t tmpfs -o mode=755 tmpfs "/var/lib/$folder"
done
# kubelet insists on kernel settings of the whole machine: it finds them as it wants them, and so sets none.
mkdir /run/settings
while read -r setting value; do
  file="/run/settings/$(basename "$setting")"
  echo "$value" > "$file"
  mount --bind "$file" "/proc/sys/$setting"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END
# As if there were processors enough for all that pods ask for, since they don't use it.
mount -t tmpfs tmpfs /sys/devices/system/node
mount -t tmpfs tmpfs /sys/devices/system/cpu
seq 0 ${layout.processors - 1} | sed s:^:/sys/devices/system/cpu/cpu: | xargs mkdir
echo 0-${layout.processors - 1} > /sys/devices/system/cpu/online
ip link set lo up
# The node's address, and a way for packets to Services' addresses, which are nobody's and are rewritten before they get there.
ip link add node type veth peer name nowhere
ip link set nowhere up
ip address add ${layout.nodeAddress}/32 dev node
ip address add ${layout.dnsService}/32 dev node
ip link set node up
for range in ${layout.serviceRange} ${layout.loadBalancerRange} ${layout.externalRange}; do
  ip route add "$range" dev node src ${layout.nodeAddress}
done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
exec "$1"
`;

/**
 * Makes the namespaces.
 *
 * @param pause a program that waits until it is ended
 * @param owned the holder dies with this process; a watchdog may come too late, or be killed itself
 * @throws Error where this process may not make namespaces, or a program is missing
 */
export async function hold(pause: string, owned: boolean): Promise<Holder> {
  const flags = ["--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"];
  const unshare = ["unshare", ...flags, "/bin/sh", "-c", setup, "cluster-holder", pause];
  const [program = "", ...args] = owned ? ["setpriv", "--pdeathsig", "KILL", ...unshare] : unshare;
  const child = spawn(program, args, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => reject(new Error(`the cluster's namespaces can't be made (this needs root): ${said}`)));
    lines.on("line", (line) => line === "ready" && resolve());
  });
  lines.close();
  child.removeAllListeners("close");
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  const pid = child.pid;
  const startTime = pid === undefined ? undefined : startTimeOf(pid);
  if (pid === undefined || startTime === undefined) throw new Error("the cluster's namespaces vanished at once");
  return { pid, startTime };
}

/** Whether the holder is alive. */
export function isAlive(holder: Holder): boolean {
  return startTimeOf(holder.pid) === holder.startTime;
}

/** Ends all that runs in the namespaces, and them. Nothing in there has anything worth saving. */
export async function release(holder: Holder): Promise<void> {
  if (isAlive(holder)) process.kill(holder.pid, "SIGKILL");
  while (isAlive(holder)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The command line that runs `command` inside: in all namespaces, or in the network alone, with this machine's files. */
export function inside(holder: Holder, command: readonly string[], spaces: "all" | "network"): readonly string[] {
  const at = `/proc/${holder.pid}/ns`;
  // unshare itself stays outside of the PID namespace that it made.
  const rest = spaces === "all" ? [`--mount=${at}/mnt`, `--ipc=${at}/ipc`, `--pid=${at}/pid_for_children`] : [];
  return ["nsenter", `--net=${at}/net`, ...rest, "--", ...command];
}

/** Undefined for no process, and for one that has ended but whose parent hasn't looked. */
function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // proc(5): the name, in brackets, may hold spaces; the state is field 3 and the start time field 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}
