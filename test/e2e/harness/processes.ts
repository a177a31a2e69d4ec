import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly group: number;
}

/** All living processes, from /proc. */
export function processes(): readonly Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    try {
      // pid (name) state parent group …; the name may hold spaces and brackets.
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [state = "", parent = "", group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      return state === "Z" ? [] : [{ pid, parent: Number(parent), name, group: Number(group) }];
    } catch {
      return [];
    }
  });
}

/** Everything that a process started, and what those did. */
export function descendants(pid: number): readonly Process[] {
  const all = processes();
  const below = (parent: number): readonly Process[] =>
    all.filter((child) => child.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

export function isEnvoy({ name }: Process): boolean {
  return name.startsWith("envoy");
}

/** The launcher, and the server if that is another process: the Envoy and the watchdogs below are not ours to kill. */
export function ourselves(pid: number): readonly number[] {
  const servers = descendants(pid).filter(({ name }) => name === "node" || name === "MainThread");
  return [...servers.map((server) => server.pid), pid];
}
