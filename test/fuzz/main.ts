/**
 * Looks for worlds that break a rule, for as long as it is told to, and ends with 1 at the first that does. It runs on one core, and gives way to everything else.
 *
 *     node test/fuzz/main.ts SECONDS [SEED]
 *
 * What is found is shrunk, and written as YAML into .cache/fuzz: `gatewright run` takes it unless it has documents that say
 * what goes. Mended, it belongs into test/fuzz/found. While a world is tried it lies in .cache/fuzz/tried.yaml, so that one
 * that hangs or kills the process is known, too.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { accepts } from "./envoy.ts";
import { type History, historyYaml } from "./events.ts";
import { readsEverything, texts } from "./reader.ts";
import { search } from "./search.ts";
import { createStage } from "./stage.ts";
import { follow } from "./world.ts";

/** Worlds with one seed; it is printed with what they come to. */
const perRound = 50;

/** A world that takes longer is one that hangs. */
const mostMilliseconds = 20_000;

const folder = join(import.meta.dirname, "..", "..", ".cache", "fuzz");
const [seconds = "600", firstSeed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const end = performance.now() + Number(seconds) * 1000;
setPriority(constants.priority.PRIORITY_LOW);
const stage = await createStage();
const tried = join(folder, "tried.yaml");
mkdirSync(folder, { recursive: true });
let worlds = 0;
for (let seed = Number(firstSeed); performance.now() < end; seed += 1) {
  await round(seed);
  console.log(
    `seed ${seed}: ${worlds} worlds, nothing found; ${Math.max(0, Math.round((end - performance.now()) / 1000))} s left`,
  );
}

async function round(seed: number): Promise<void> {
  const found = await search(stage, tryWorld, { seed, numRuns: perRound });
  if (found !== undefined) {
    const file = join(folder, `${seed}.yaml`);
    writeFileSync(file, found.yaml);
    console.error(`${found.yaml}\n${found.message}\nthe world above is in ${file}`);
    process.exit(1);
  }
  const read = fc.check(fc.property(texts(stage.generator), readsEverything), { seed, numRuns: 20 * perRound });
  if (read.failed) {
    const file = join(folder, `${seed}.txt`);
    writeFileSync(file, read.counterexample?.[0] ?? "");
    console.error(`seed ${seed}: ${String(read.errorInstance)}\nthe text is in ${file}`);
    process.exit(1);
  }
}

/** @throws what is wrong with it */
async function tryWorld(history: History): Promise<void> {
  worlds += 1;
  writeFileSync(tried, historyYaml(history));
  const start = performance.now();
  const verdict = await accepts(follow(history));
  if (!verdict.ok) throw new Error(`Envoy refuses it: ${verdict.message}`);
  const took = performance.now() - start;
  if (took > mostMilliseconds) throw new Error(`it took ${Math.round(took)} ms`);
}
