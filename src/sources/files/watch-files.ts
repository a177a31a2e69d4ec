import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Finding } from "../../resources/finding.ts";
import { DocumentCache, readDocuments } from "../../resources/read-documents.ts";
import type { ResourceSink, ResourceSource } from "../source.ts";
import type { EntryEvent } from "./directory-watchers.ts";
import { FileTree } from "./file-tree.ts";
import { standardInput, unreadable } from "./find-files.ts";
import { type FileReading, ObjectTable, type TableDocument } from "./object-table.ts";
import { readText } from "./read-text.ts";
import { defaultSettleTimes, type Pending, type SettleTimes, settledAt } from "./settle.ts";

/** Reads one file's text, again and again as it changes. It may keep what it needs to be quick the next time. */
export type DocumentReader = (text: string) => readonly TableDocument[];

export interface WatchOptions {
  readonly settle?: Partial<SettleTimes>;
  /** One reader for each file. By default {@link readDocuments}, which reads again only the documents that changed. */
  readonly readerOf?: (file: string) => DocumentReader;
  /** Reads all of standard input, for the path `-`. */
  readonly readInput?: () => Promise<string>;
}

/**
 * Serves the resources in files and directories, and follows every change until it is closed.
 *
 * What is there at start is one batch. Then the directories are watched, never polled. An event opens a window; when
 * everything in it has settled ({@link SettleTimes}), what it changed is applied as one batch, so that a checkout of
 * fifty files, or an object that moves from one file to another, is one change. Only files that events name are read.
 * Where the system loses events, everything is compared anew.
 *
 * A path that isn't there is waited for. `-` is standard input, read once.
 *
 * @example
 *   const source = watchFiles(["routes/"], { apply: ({ changes }) => console.log(changes.length) });
 *   await source.ready;
 */
export function watchFiles(paths: readonly string[], sink: ResourceSink, options: WatchOptions = {}): ResourceSource {
  const source = new FileSource(paths, sink, options);
  return { ready: source.start(), close: () => source.close() };
}

interface KnownFile {
  readonly read: DocumentReader;
  readonly text: string | undefined;
}

// A turn of the event loop is given to others this often while many files are read.
const longestTurn = 30;
const queueFallback = 16_384;

class FileSource {
  readonly #sink: ResourceSink;
  readonly #readerOf: (file: string) => DocumentReader;
  readonly #readInput: () => Promise<string>;
  readonly #times: SettleTimes;
  readonly #tree: FileTree;
  readonly #input: boolean;
  readonly #table = new ObjectTable();
  readonly #known = new Map<string, KnownFile>();
  readonly #reported = new Map<string, readonly Finding[]>();
  readonly #notices = new Map<string, Finding>();
  readonly #pending = new Map<string, Pending>();
  readonly #queueLimit = queueLimit();
  #opened: number | undefined;
  /** When the first of the events came that are not applied yet, by the clock of {@link ResourceBatch.since}. */
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #applying: Promise<void> | undefined;
  #burst = 0;
  #closed = false;

  constructor(paths: readonly string[], sink: ResourceSink, options: WatchOptions) {
    this.#sink = sink;
    this.#readerOf = options.readerOf ?? resourceReader;
    this.#readInput = options.readInput ?? readStandardInput;
    this.#times = { ...defaultSettleTimes, ...options.settle };
    this.#input = paths.includes(standardInput);
    this.#tree = new FileTree(
      paths.filter((path) => path !== standardInput),
      {
        touched: (path, event) => this.#touched(path, event),
        unwatched: (directory, error) => this.#notices.set(this.#tree.display(directory), unwatched(directory, error)),
      },
    );
  }

  async start(): Promise<void> {
    this.#applying = this.#takeInitial();
    await this.#applying;
    this.#applying = undefined;
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#tree.close();
    await this.#applying?.catch(() => {});
  }

  async #takeInitial(): Promise<void> {
    const input = this.#input ? await this.#readInput() : undefined;
    const files = this.#tree.roots.flatMap((root) => {
      const look = this.#tree.look(root);
      return look.kind === "directory" ? this.#tree.refresh(root) : [root];
    });
    const readings = await this.#read(new Set(files), new Set());
    if (input !== undefined) {
      readings.push({ file: standardInput, documents: this.#readerOf(standardInput)(input) });
    }
    this.#apply(readings, { always: true });
  }

  #touched(path: string, event: EntryEvent): void {
    if (this.#closed) return;
    const now = Date.now();
    this.#pending.set(path, { last: now, event });
    this.#opened ??= now;
    this.#since ??= performance.now();
    this.#countEvent();
    if (this.#timer === undefined) this.#arm();
  }

  /** Linux drops events once its queue is full and Node doesn't say so; what came in one turn of the loop was in the queue at once. */
  #countEvent(): void {
    if (this.#burst++ > 0) return;
    setImmediate(() => {
      const overflown = this.#burst >= this.#queueLimit;
      this.#burst = 0;
      if (overflown) this.#rescan();
    });
  }

  #rescan(): void {
    for (const root of this.#tree.roots) {
      for (const path of this.#tree.refresh(root, { all: true })) this.#touched(path, "written");
    }
  }

  #arm(at = Date.now() + this.#times.replaced): void {
    if (this.#closed || this.#applying !== undefined || this.#pending.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), Math.max(0, at - Date.now()));
  }

  /** Waits on, or takes what has settled. */
  #look(): void {
    this.#timer = undefined;
    const now = Date.now();
    const bound = (this.#opened ?? now) + this.#times.atMost;
    const settled = new Set<string>();
    const emptied = new Map<string, number>();
    let next = 0;
    for (const [path, pending] of this.#pending) {
      const look = this.#tree.look(path);
      const empties = look.kind === "file" && look.size === 0 && (this.#known.get(path)?.text ?? "") !== "";
      const at = settledAt(pending, look, empties, now, this.#times);
      if (at > now) {
        // Nothing else has to wait for the second half of a save.
        if (empties) emptied.set(path, at);
        else next = Math.max(next, at);
      } else if (look.kind === "directory" || this.#tree.isDirectory(path)) {
        if (look.known || this.#tree.isRoot(path)) settled.add(path);
        else this.#pending.delete(path);
        // What is found is visited by this very loop.
        for (const found of this.#tree.refresh(path)) {
          this.#pending.set(found, { last: pending.last, event: "written" });
        }
      } else settled.add(path);
    }
    if (next > now && now < bound) {
      this.#arm(Math.min(next, bound));
      return;
    }
    const late = new Set([...this.#pending.keys()].filter((path) => !settled.has(path) && !emptied.has(path)));
    this.#opened = undefined;
    if (settled.size + late.size === 0) {
      this.#arm(Math.min(...emptied.values()));
      return;
    }
    this.#applying = this.#take(settled, late).finally(() => {
      this.#applying = undefined;
      this.#arm();
    });
  }

  async #take(settled: ReadonlySet<string>, late: ReadonlySet<string>): Promise<void> {
    for (const path of settled) this.#pending.delete(path);
    const since = this.#since;
    this.#since = undefined;
    this.#apply(await this.#read(new Set([...settled, ...late]), late), {
      always: false,
      ...(since !== undefined && { since }),
    });
  }

  async #read(paths: ReadonlySet<string>, late: ReadonlySet<string>): Promise<FileReading[]> {
    const readings: FileReading[] = [];
    let started = Date.now();
    for (const path of paths) {
      const reading = this.#readOne(path, late.has(path));
      if (reading !== undefined) readings.push(reading);
      if (Date.now() - started < longestTurn) continue;
      await nextTurn();
      started = Date.now();
    }
    return readings;
  }

  /** Nothing when the file is as it was, or not to be taken yet. */
  #readOne(path: string, late: boolean): FileReading | undefined {
    const file = this.#tree.display(path);
    const look = this.#tree.look(path);
    const reading = look.kind === "file" || look.kind === "pipe" ? readText(path) : ({ kind: "absent" } as const);
    if (reading.kind === "unstable") {
      this.#touched(path, "written");
      return undefined;
    }
    const known = this.#known.get(path) ?? { read: this.#readerOf(file), text: undefined };
    if (reading.kind === "absent") {
      if (late) return undefined;
      this.#known.delete(path);
      this.#tree.settle(path, false);
      const expected = look.kind === "absent" && this.#tree.isRoot(path);
      return { file, documents: expected ? [notice(waitingFor(file))] : undefined };
    }
    this.#tree.settle(path, true);
    if (reading.kind === "failed") {
      this.#known.set(path, { read: known.read, text: undefined });
      return { file, documents: [notice(unreadable(file, reading.error))] };
    }
    if (reading.text === known.text) {
      if (late) this.#pending.delete(path);
      return undefined;
    }
    const documents = known.read(reading.text);
    if (late && documents.some(isHalfWritten)) return undefined;
    if (late) this.#pending.delete(path);
    this.#known.set(path, { read: known.read, text: reading.text });
    return { file, documents };
  }

  #apply(
    readings: readonly FileReading[],
    { always, since }: { readonly always: boolean; readonly since?: number },
  ): void {
    const notices = [...this.#notices].map(([file, finding]) => ({ file, documents: [notice(finding)] }));
    this.#notices.clear();
    const { changes, findings } = this.#table.apply([...readings, ...notices]);
    const news = new Map(
      [...findings].filter(([file, now]) => !isDeepStrictEqual(now, this.#reported.get(file) ?? [])),
    );
    for (const [file, now] of news) {
      if (now.length === 0) this.#reported.delete(file);
      else this.#reported.set(file, now);
    }
    if (this.#closed || (!always && changes.length === 0 && news.size === 0)) return;
    this.#sink.apply({ changes, findings: news, ...(since !== undefined && { since }) });
  }
}

function resourceReader(file: string): DocumentReader {
  const cache = new DocumentCache();
  return (text) => readDocuments(text, file, cache);
}

/** Something that can't be told apart as a document. */
function isHalfWritten(document: TableDocument): boolean {
  return document.reference === undefined && document.findings.some((finding) => finding.severity === "error");
}

function notice(finding: Finding): TableDocument {
  return { findings: [finding], locate: () => undefined };
}

function waitingFor(file: string): Finding {
  return {
    severity: "warning",
    code: "no-such-file",
    message: `${file} does not exist; it is served as soon as it does.`,
  };
}

function unwatched(directory: string, error: Error): Finding {
  const code = "code" in error ? error.code : undefined;
  const limit =
    code === "ENOSPC" ? "max_user_watches=524288" : code === "EMFILE" ? "max_user_instances=1024" : undefined;
  return {
    severity: "warning",
    code: "not-watched",
    message: `Changes in ${directory} go unnoticed: ${limit === undefined ? error.message : "the system's limit on watches is used up"}.`,
    ...(limit !== undefined && { remedy: `sysctl fs.inotify.${limit}` }),
  };
}

async function readStandardInput(): Promise<string> {
  process.stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}

/** Half of what the system queues, since events for others are in the queue too. */
function queueLimit(): number {
  try {
    return Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8")) / 2;
  } catch {
    return queueFallback / 2;
  }
}
