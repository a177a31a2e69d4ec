import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { envoyVersion } from "../../src/fleet/envoy-release.ts";
import { execFileText } from "../../test/cluster/execute.ts";
import type { Output } from "./command-line.ts";
import { failFor, judge, type Limit, verdictOf } from "./judge.ts";
import { table } from "./table.ts";

/** What a benchmark found out. */
export interface Findings {
  /** As the program's file is named: `attached-routes`. */
  readonly benchmark: string;
  readonly tables: readonly {
    readonly title?: string;
    readonly headings: readonly string[];
    readonly rows: readonly (readonly string[])[];
  }[];
  /** All figures, unrounded, for `--output json`. Default: what the tables say. */
  readonly results?: unknown;
  readonly limits: readonly Limit[];
  /** What was compared, with its version; who could not be had, and why. */
  readonly notes?: readonly string[];
}

const loadAtStart = loadavg()[0] ?? 0;
// What is checked out later is not what was measured.
const commitAtStart = commit();

/** Prints tables and verdicts, or one JSON document of the same. The process exits with 1 if a limit is not kept. */
export async function report(output: Output, findings: Findings): Promise<void> {
  const { benchmark, tables, limits, notes = [] } = findings;
  const results =
    findings.results ?? tables.flatMap(({ headings, rows }) => rows.map((row) => asObject(headings, row)));
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: { atStart: loadAtStart, atEnd: loadavg()[0] ?? 0 },
  };
  const versions = { commit: await commitAtStart, node: process.version, envoy: envoyVersion };
  if (output === "json") {
    const judged = limits.map((limit) => ({ ...limit, verdict: verdictOf(limit) }));
    const at = new Date().toISOString();
    console.log(JSON.stringify({ benchmark, at, machine, versions, notes, results, limits: judged }, undefined, 2));
    failFor(limits);
    return;
  }
  const { processors, processor, memoryGiB, loadAverage } = machine;
  const load = `${loadAverage.atStart.toFixed(1)} to ${loadAverage.atEnd.toFixed(1)}`;
  console.log(`${benchmark}: ${processors} × ${processor}, ${memoryGiB} GiB, load average ${load}`);
  console.log(`Gatewright ${versions.commit}, Node ${versions.node}, Envoy ${versions.envoy}`);
  for (const note of notes) console.log(note);
  for (const { title, headings, rows } of tables) {
    console.log(`\n${title === undefined ? "" : `${title}\n\n`}${table(headings, rows)}`);
  }
  if (limits.length > 0) console.log("");
  judge(limits);
}

function asObject(headings: readonly string[], row: readonly string[]): object {
  return Object.fromEntries(headings.map((heading, column) => [heading, row[column]]));
}

/** Of the checkout; with `+` if files differ from it. */
async function commit(): Promise<string> {
  const cwd = join(import.meta.dirname, "../..");
  try {
    const hash = (await execFileText("git", ["rev-parse", "--short", "HEAD"], { cwd })).trim();
    const changes = await execFileText("git", ["status", "--porcelain", "--untracked-files=no"], { cwd });
    return changes === "" ? hash : `${hash}+`;
  } catch {
    return "unknown";
  }
}
