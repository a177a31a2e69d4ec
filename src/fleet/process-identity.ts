import { readFileSync } from "node:fs";

/** A process, told apart from a later one of the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine started. */
  readonly startedAt: number;
}

/** The process of this id; undefined if there is none, or it is dead and nobody has asked for its exit code yet. Linux only. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    // pid (name) state parent …, proc_pid_stat(5); the name may hold spaces and brackets. The start is field 22.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : { pid, startedAt: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Whether this very process still runs. */
export function lives({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Whether this, read from a file, names a process. */
export function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== "object" || value === null || !("pid" in value && "startedAt" in value)) return false;
  return typeof value.pid === "number" && typeof value.startedAt === "number";
}
