/**
 * Runs the tests, shows progress, and ends with a line `N passed, N failed`.
 *
 *     node scripts/test.ts                  # all but cluster
 *     node scripts/test.ts unit             # one group: unit, contract, e2e, zero-loss or cluster
 *     node scripts/test.ts test/e2e/grpc.test.ts
 *     node scripts/test.ts --patience 60 …  # seconds, instead of ten minutes, until a file that hangs is ended
 */
import { globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { inspect, parseArgs } from "node:util";
import { FleetError } from "../src/fleet/fleet-error.ts";
import { resolveEnvoy } from "../src/fleet/resolve-envoy.ts";
import { endHungFile } from "./end-hung-file.ts";

interface Group {
  readonly name: string;
  readonly files: readonly string[];
  /** Files that run at once. */
  readonly concurrency: number;
  /** Prints what its tests have measured. */
  readonly tells?: boolean;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(import.meta.dirname, "..");
process.chdir(root);

const groups: readonly Group[] = [
  // Beside the sources.
  { name: "unit", files: globSync("{src,scripts,examples,conformance,bench}/**/*.test.ts"), concurrency: 2 },
  // The whole in other ways: invalid documents, house rules, the package.
  { name: "contract", files: globSync("test/*.test.ts"), concurrency: 2 },
  // The examples with real clients and servers, on loopback addresses of each file's own.
  { name: "e2e", files: globSync("test/e2e/**/*.test.ts"), concurrency: 2 },
  // A load for which it takes the machine for itself.
  { name: "zero-loss", files: globSync("test/zero-loss/*.test.ts"), concurrency: 1, tells: true },
];

/** Not among all: it needs root, and takes ten minutes to build Kubernetes where nobody has yet. */
const clusterGroup: Group = { name: "cluster", files: globSync("test/cluster/**/*.test.ts"), concurrency: 1 };

const failures: string[] = [];
const skips: string[] = [];
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { patience: { type: "string", default: "600" } },
});
const chosen = choose(positionals);
await findEnvoy();
const started = performance.now();
let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const group of chosen) {
  console.log(`\n${group.name}: ${group.files.length} files`);
  counts = sum(counts, await runGroup(group));
}

if (skips.length > 0) console.log(`\nSkipped:\n${skips.join("\n")}`);
if (failures.length > 0) console.log(`\nFailed:\n${failures.join("\n")}`);
console.log(`\n${seconds(performance.now() - started)} in all`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);

function choose(names: readonly string[]): readonly Group[] {
  if (names.length === 0) return groups;
  return names.map(
    (name) => [...groups, clusterGroup].find((group) => group.name === name) ?? { name, files: [name], concurrency: 1 },
  );
}

/** Fetches Envoy before the first test, where it takes no test's time and its absence is told once. */
async function findEnvoy(): Promise<void> {
  try {
    const { path, version } = await resolveEnvoy();
    console.log(`Envoy ${version}: ${path}`);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    console.error([error.message, error.remedy ?? ""].join("\n"));
    process.exit(2);
  }
}

async function runGroup(group: Group): Promise<Counts> {
  const output = new Map<string, string[]>();
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const watched = new Map<string, NodeJS.Timeout>();
  const hung = new Set<string>();
  // Node's own `timeout` bounds tests, and waits for ever for a file that doesn't end.
  const end = (file: string) => {
    hung.add(file);
    total = sum(total, { passed: 0, failed: 1, skipped: 0 });
    const killed = endHungFile(file);
    const message = `has not ended within ${options.patience} s: ${killed} of its processes were killed\n`;
    report({ file, name: relative(root, file) }, `${message}${(output.get(file) ?? []).join("")}`);
  };
  // Two cores are the least that we are tested on.
  const events = run({ files: [...group.files].sort(), concurrency: group.concurrency });
  for await (const event of events) {
    if (event.type === "test:dequeue" && isFile(event.data)) {
      const file = resolve(event.data.name);
      watched.set(file, setTimeout(end, Number(options.patience) * 1000, file));
    } else if (event.type === "test:complete" && isFile(event.data)) {
      clearTimeout(watched.get(resolve(event.data.name)));
    } else if (event.type === "test:stdout" || event.type === "test:stderr") {
      const { message } = event.data;
      const file = resolve(event.data.file);
      output.set(file, [...(output.get(file) ?? []), message]);
    } else if (event.type === "test:pass" && event.data.skip !== undefined && event.data.skip !== false) {
      skips.push(`  ${place(event.data)}: ${event.data.name}: ${String(event.data.skip)}`);
    } else if (event.type === "test:diagnostic" && group.tells === true && event.data.file !== undefined) {
      console.log(`  ${event.data.message}`);
    } else if (event.type === "test:fail") {
      const { error } = event.data.details;
      const file = resolve(event.data.file ?? "");
      // Node reports a file that ended badly (it can't be loaded, or throws late) as a test of the file's name, which no
      // summary counts.
      if (hung.has(file)) continue;
      if (isFile(event.data)) {
        total = sum(total, { passed: 0, failed: 1, skipped: 0 });
        report(event.data, `${(output.get(file) ?? []).join("")}${inspect(error.cause ?? error)}`);
      } else if (!("failureType" in error && error.failureType === "subtestsFailed")) {
        // A test whose subtests failed has nothing to add to what they said.
        report(event.data, inspect(error.cause ?? error));
      }
    } else if (event.type === "test:summary" && event.data.file !== undefined) {
      const file = resolve(event.data.file);
      const { success, counts: all, duration_ms: duration } = event.data;
      const ofFile = { passed: all.passed, failed: all.failed + all.cancelled, skipped: all.skipped + all.todo };
      total = sum(total, ofFile);
      if (!success) console.log(indent((output.get(file) ?? []).join("")));
      console.log(
        `  ${success ? "✔" : "✖"} ${relative(root, file)}  ${ofFile.passed}/${all.tests}  ${seconds(duration)}`,
      );
    }
  }
  return total;
}

function isFile({ name, file }: { readonly name: string; readonly file?: string }): boolean {
  return file !== undefined && resolve(name) === resolve(file);
}

function report(
  data: { readonly file?: string; readonly line?: number; readonly name: string },
  message: string,
): void {
  const text = `  ✖ ${place(data)}: ${data.name}\n${indent(message)}`;
  failures.push(text);
  console.log(text);
}

function place({ file, line }: { readonly file?: string; readonly line?: number }): string {
  return file === undefined ? "?" : `${relative(root, file)}:${line ?? 1}`;
}

function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}
