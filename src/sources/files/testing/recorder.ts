import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { LineCounter, parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../../../resources/object.ts";
import type { ResourceBatch, ResourceSink } from "../../source.ts";
import type { TableDocument } from "../object-table.ts";
import { type WatchOptions, watchFiles } from "../watch-files.ts";

/** For tests: a directory that goes when the test ends. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "gatewright-files-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** For tests: keeps what a source said, and what is served by all of it. */
export class Recorder implements ResourceSink {
  readonly batches: ResourceBatch[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly findings = new Map<string, readonly string[]>();
  #waiting: (() => void)[] = [];

  apply(batch: ResourceBatch): void {
    this.batches.push(batch);
    for (const { kind, key, object } of batch.changes) {
      if (object === undefined) this.objects.delete(`${kind} ${key}`);
      else this.objects.set(`${kind} ${key}`, object);
    }
    for (const [file, findings] of batch.findings) {
      if (findings.length === 0) this.findings.delete(file);
      else
        this.findings.set(
          file,
          findings.map((finding) => finding.code),
        );
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Waits until the state is as wanted. Returns how many batches came since `from`. */
  async until(wanted: (recorder: Recorder) => boolean, from: number = this.batches.length): Promise<number> {
    while (!wanted(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.batches.length - from;
  }

  /** Waits until an object has this `spec.value`; `undefined` until it is gone. Returns how many batches it took. */
  value(name: string, value: unknown): Promise<number> {
    return this.until(() => this.valueOf(name) === value);
  }

  valueOf(name: string): unknown {
    const object: (KubernetesObject & { readonly spec?: { readonly value?: unknown } }) | undefined = this.objects.get(
      `Thing default/${name}`,
    );
    return object?.spec?.value;
  }
}

/** For tests: a source whose first batch is there. */
export async function watched(
  context: TestContext,
  paths: readonly string[],
  options: Partial<WatchOptions> = {},
): Promise<Recorder> {
  const recorder = new Recorder();
  const source = watchFiles(paths, recorder, { readerOf: readThings, ...options });
  context.after(() => source.close());
  await source.ready;
  return recorder;
}

/** For tests: `kind: Thing` in YAML, with `spec: { value }`. */
export function thing(name: string, value: unknown): string {
  return `apiVersion: test/v1\nkind: Thing\nmetadata:\n  name: ${name}\nspec:\n  value: ${JSON.stringify(value)}\n`;
}

/** For tests: reads {@link thing}s. The value "refused" is refused. */
export function readThings(file: string): (text: string) => readonly TableDocument[] {
  return (text) => {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: lines });
    return [...documents].map((document): TableDocument => {
      const { line, col } = lines.linePos(document.contents?.range?.[0] ?? document.range[0]);
      const location = { file, line, column: col };
      const locate = () => location;
      const origin = { location };
      if (document.errors.length > 0) {
        return { findings: [{ severity: "error", code: "yaml-syntax", message: "no YAML", ...origin }], locate };
      }
      const value: unknown = document.toJS();
      if (!isThing(value)) return { findings: [], locate };
      const reference = { group: "test", kind: "Thing", namespace: "default", name: value.metadata.name };
      if (value.spec?.value === "refused") {
        return {
          reference,
          findings: [{ severity: "error", code: "broken-rule", message: "refused", ...origin }],
          locate,
        };
      }
      const object = { ...value, metadata: { ...value.metadata, namespace: "default" } };
      return { reference, object, findings: [], locate };
    });
  };
}

function isThing(value: unknown): value is KubernetesObject & { readonly spec?: { readonly value?: unknown } } {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "Thing";
}
