/**
 * What it costs to check documents: 10,000 of the kinds that a cluster of many teams has, 2 % of them with known mistakes, in one file
 * and in a file each.
 *
 *     node bench/standalone/validation.ts [--documents 10000] [--peer]
 *
 * `gatewright validate` is run as a user runs it. With `--peer`, kubeconform runs on the same files with the same schemas (it is built
 * from its Go module, which takes a minute the first time). It checks less: structure, and neither the rules of the CRDs (CEL) nor what
 * documents say of each other; three fifths of the mistakes are of the structure.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { buildKubeconform } from "../peers/programs.ts";
import { documents } from "./validation/documents.ts";
import { type Run, run } from "./validation/run.ts";
import { writeSchemas } from "./validation/schemas.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    documents: { type: "string", default: "10000" },
    peer: { type: "boolean", default: false },
  },
});
const made = documents(Number(values.documents));
const wrong = new Set(made.flatMap(({ name, mistake }) => (mistake === undefined ? [] : [name])));
const wrongInStructure = new Set(made.flatMap(({ name, mistake }) => (mistake === "schema" ? [name] : [])));

/** One program on one layout of the files. */
interface Result extends Run {
  readonly program: string;
  readonly layout: string;
  /** Documents with a mistake that it should find. */
  readonly wanted: number;
  /** Those of them that it did not find, and others that it found wrong. */
  readonly missed: readonly string[];
  readonly falseAlarms: readonly string[];
}

const folder = await mkdtemp(join(tmpdir(), "gatewright-validation-"));
const results: Result[] = [];
try {
  const [oneFile, files, schemas] = ["one-file", "files", "schemas"].map((name) => join(folder, name));
  if (oneFile === undefined || files === undefined || schemas === undefined) throw new Error("no folders");
  await Promise.all([oneFile, files, schemas].map(async (path) => await mkdir(path)));
  await writeFile(join(oneFile, "all.yaml"), made.map(({ text }) => text).join("---\n"));
  for (const [index, { text }] of made.entries()) await writeFile(join(files, `${index}.yaml`), text);
  const kubeconform = values.peer ? await buildKubeconform() : undefined;
  if (kubeconform !== undefined) await writeSchemas(schemas);
  for (const [layout, path] of [
    ["one file", oneFile],
    ["a file each", files],
  ] as const) {
    progress(`gatewright validate, ${layout}`);
    const ours = await run(join(import.meta.dirname, "../../bin/gatewright"), ["validate", path, "--output", "json"]);
    results.push({ program: "gatewright validate", layout, ...ours, ...compared(errorsOf(ours.stdout), wrong) });
    if (kubeconform === undefined) continue;
    progress(`kubeconform, ${layout}`);
    const location = join(schemas, "{{.Group}}-{{.ResourceKind}}-{{.ResourceAPIVersion}}.json");
    const peer = await run(kubeconform, ["-strict", "-output", "json", "-schema-location", location, path]);
    const found = compared(invalidOf(peer.stdout), wrongInStructure);
    results.push({ program: "kubeconform", layout, ...peer, ...found });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

await report(outputOf(values.output), {
  benchmark: "validation",
  tables: [
    {
      title: `${made.length} documents, ${wrong.size} of them wrong`,
      headings: [
        "",
        "layout",
        "seconds",
        "CPU, s",
        "documents/s",
        "µs of CPU a document",
        "peak RSS, MiB",
        "mistakes",
        "missed",
        "false alarms",
      ],
      rows: results.map(({ program, layout, seconds, cpuMs, peakRssMiB, wanted, missed, falseAlarms }) => [
        program,
        layout,
        seconds.toFixed(1),
        (cpuMs / 1_000).toFixed(1),
        (made.length / seconds).toFixed(0),
        ((cpuMs * 1_000) / made.length).toFixed(0),
        peakRssMiB.toFixed(0),
        String(wanted),
        String(missed.length),
        String(falseAlarms.length),
      ]),
    },
  ],
  results: results.map(({ stdout: _stdout, ...rest }) => rest),
  limits: results
    .filter(({ program }) => program !== "kubeconform")
    .flatMap(({ layout, missed, falseAlarms, cpuMs }) => [
      {
        what: `${layout}: mistakes not found, or found where there is none`,
        value: missed.length + falseAlarms.length,
        atMost: 0,
      },
      // A start is not the documents'.
      ...(made.length < 5_000
        ? []
        : [{ what: `${layout}: CPU a document, ms`, value: cpuMs / made.length, atMost: 2 }]),
    ]),
});

function compared(
  found: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): Pick<Result, "wanted" | "missed" | "falseAlarms"> {
  const missed = [...wanted].filter((name) => !found.has(name));
  const falseAlarms = [...found].filter((name) => !wanted.has(name));
  return { wanted: wanted.size, missed, falseAlarms };
}

interface Finding {
  readonly severity: string;
  readonly resource?: { readonly name: string };
}

/** Names of objects with an error, of which each may have several. Warnings are of what the documents leave out. */
function errorsOf(json: string): ReadonlySet<string> {
  const { findings }: { readonly findings: readonly Finding[] } = JSON.parse(json);
  return new Set(
    findings.filter(({ severity }) => severity === "error").map(({ resource }) => resource?.name ?? "none"),
  );
}

function invalidOf(json: string): ReadonlySet<string> {
  interface Resource {
    readonly name: string;
    readonly status: string;
  }
  const { resources }: { readonly resources: readonly Resource[] } = JSON.parse(json);
  return new Set(resources.filter(({ status }) => status === "statusInvalid").map(({ name }) => name));
}
