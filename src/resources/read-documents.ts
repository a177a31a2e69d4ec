import { commonEnds } from "./common-ends.ts";
import type { Finding } from "./finding.ts";
import type { Change, TextEdit } from "./fix.ts";
import { isError, type Mistake } from "./mistake.ts";
import type { KubernetesObject } from "./object.ts";
import type { FieldPath, ResourceReference, SourceLocation } from "./origin.ts";
import { isJsonObject, type Json } from "./schema.ts";
import { type ParsedText, parseDocumentText } from "./text/parse.ts";
import { locateIn, type Position, positionsIn } from "./text/positioned.ts";
import { replacementFor } from "./text/replace.ts";
import { splitDocuments } from "./text/split-documents.ts";
import { validateObject } from "./validate-object.ts";

/** One object that a file holds, or what is there instead. */
export interface ReadDocument {
  /** Valid, with defaults, immutable. Absent if anything is wrong with it, and for kinds that are left out. */
  readonly object?: KubernetesObject;
  /** Which object it is or was meant to be; also of a refused one, as far as that can be told. */
  readonly reference?: ResourceReference;
  readonly findings: readonly Finding[];
  /** Where a field is written. For what isn't written (a default), where its nearest parent is. */
  locate(path: FieldPath): SourceLocation;
  /** The changes as edits of the file; undefined where one of them can't be made without touching something else. */
  edits(changes: readonly Change[]): readonly TextEdit[] | undefined;
}

/**
 * What {@link readDocuments} remembers of one file, so that one changed document costs one document.
 *
 * Holds exactly the documents of the last reading. Objects of unchanged documents stay the same (`===`), and so does the
 * whole {@link ReadDocument} where no line in front of it came or went.
 */
export class DocumentCache {
  #last: readonly Known[] = [];

  /** @internal */
  get last(): readonly Known[] {
    return this.#last;
  }

  /** @internal */
  replace(documents: readonly Known[]): void {
    this.#last = documents;
  }
}

/** A text that was read, and what it was at the line where it stood last. */
interface Known {
  readonly text: string;
  readonly entries: readonly Entry[];
  readonly line: number;
  readonly placed: readonly ReadDocument[];
}

/** Findings that are shown for one document; more would only bury the first ones. */
const mostFindings = 20;

/**
 * Reads all resources of a file: YAML with any number of documents, or JSON; `kind: List` and lists of a kind count as
 * the objects in them. Whatever is wrong with one document leaves the others alone.
 *
 * YAML is version 1.2 (so `on`, `yes` and `0777` are a string, a string and 777). Kubernetes' own reader is of version
 * 1.1; a plain value that it reads differently gives the warning `yaml-1.1`.
 *
 * @param file what locations name; `-` for standard input
 * @param cache of the same file's last reading; afterwards it holds this one
 */
export function readDocuments(text: string, file: string, cache?: DocumentCache): readonly ReadDocument[] {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const documents = /^\s*[[{]/.test(source) ? [{ text: source, line: 0 }] : splitDocuments(source);
  const last = cache?.last ?? [];
  const unchanged = commonEnds(last, documents, (before, { text: part }) => before.text === part);
  const moved = new Map<string, Known>();
  for (const before of last.slice(unchanged.start, last.length - unchanged.end)) moved.set(before.text, before);
  const read = documents.map(({ text: part, line }, index): Known => {
    const fromEnd = documents.length - index;
    const same =
      index < unchanged.start ? last[index] : fromEnd <= unchanged.end ? last[last.length - fromEnd] : moved.get(part);
    if (same?.line === line) return same;
    const document = readDocument(same?.text ?? copied(part), same, file, line);
    moved.set(document.text, document);
    return document;
  });
  cache?.replace(read);
  return read.flatMap(({ placed: found }) => found);
}

// A part of a string keeps the whole of it in memory, and what was read from it does so in turn: one changed document
// would keep a whole version of its file.
function copied(part: string): string {
  return Buffer.from(part).toString();
}

function readDocument(text: string, before: Known | undefined, file: string, line: number): Known {
  const entries = before?.entries ?? readEntries(text, file);
  return { text, entries, line, placed: entries.map((entry) => placed(entry, file, line)) };
}

/** One object of a document, with places counted from the document's first line. */
interface Entry {
  readonly object?: KubernetesObject;
  readonly reference?: ResourceReference;
  readonly found: readonly Found[];
  readonly position: (path: FieldPath) => Position;
  readonly rewrite: (changes: readonly Change[]) => readonly Rewrite[] | undefined;
}

interface Found {
  readonly mistake: Mistake;
  readonly position: Position;
  readonly rewrites?: readonly Rewrite[];
}

/** A {@link TextEdit} with places counted from the document's first line. */
interface Rewrite {
  readonly start: Position;
  readonly end: Position;
  readonly text: string;
}

function readEntries(text: string, file: string): readonly Entry[] {
  const parsed = parseDocumentText(text, file);
  if (parsed.mistakes.length > 0) return [unparsed(parsed, text)];
  return itemsOf(parsed.value).map(({ value, path }) => {
    const { mistakes, ...validated } = validateObject(value);
    const all = [...mistakes, ...parsed.warnings(path, mistakes)];
    return {
      ...validated,
      found: limited(located(all, text, path)),
      position: positionFrom(text, path),
      rewrite: rewriteFrom(text, path),
    };
  });
}

function unparsed(parsed: ParsedText, text: string): Entry {
  const { reference } = validateObject(parsed.value);
  return {
    ...(reference !== undefined && { reference }),
    found: parsed.mistakes.map(({ position, ...mistake }) => ({
      mistake: { ...mistake, severity: "error" as const, path: [] },
      position,
    })),
    position: positionFrom(text, []),
    rewrite: () => undefined,
  };
}

// By itself, so that the function keeps nothing but the text: not what was parsed from it.
function positionFrom(text: string, prefix: FieldPath): Entry["position"] {
  return (path) => locateIn(positionsIn(text), [...prefix, ...path]);
}

function rewriteFrom(text: string, prefix: FieldPath): Entry["rewrite"] {
  return (changes) => {
    const { at } = positionsIn(text);
    const rewrites = changes.flatMap((change) => {
      const found = replacementFor(text, { ...change, path: [...prefix, ...change.path] });
      return found === undefined ? [] : [{ start: at(found.start), end: at(found.end), text: found.text }];
    });
    return rewrites.length === 0 || rewrites.length < changes.length ? undefined : rewrites;
  };
}

/** The objects of a document: itself, or the items of a list. */
function itemsOf(value: Json): readonly { readonly value: Json; readonly path: FieldPath }[] {
  if (!isJsonObject(value)) return [{ value, path: [] }];
  const { apiVersion, kind, items } = value;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ value, path: [] }];
  const itemKind = kind.slice(0, -"List".length);
  return items.map((item: Json, index) => ({
    value: itemKind !== "" && isJsonObject(item) ? { apiVersion: apiVersion ?? null, kind: itemKind, ...item } : item,
    path: ["items", index],
  }));
}

function located(mistakes: readonly Mistake[], text: string, prefix: FieldPath): Entry["found"] {
  const rewrite = rewriteFrom(text, prefix);
  return mistakes
    .map((mistake): Found => {
      const position = locateIn(positionsIn(text), [...prefix, ...mistake.path], mistake.atKey);
      const rewrites = mistake.fix && rewrite(mistake.fix);
      return { mistake, position, ...(rewrites !== undefined && { rewrites }) };
    })
    .sort(({ position: a }, { position: b }) => a.line - b.line || a.column - b.column);
}

function limited(found: Entry["found"]): Entry["found"] {
  const next = found[mostFindings];
  if (next === undefined) return found;
  const rest = found.slice(mostFindings);
  const summary: Mistake = {
    severity: rest.some((one) => isError(one.mistake)) ? "error" : "warning",
    code: "more-findings",
    path: [],
    message: `There are ${rest.length} more findings from here on.`,
  };
  return [...found.slice(0, mostFindings), { mistake: summary, position: next.position }];
}

function placed({ found, position, rewrite, ...entry }: Entry, file: string, line: number): ReadDocument {
  const place = (at: Position) => ({ line: at.line + line + 1, column: at.column });
  const edit = ({ start, end, text }: Rewrite): TextEdit => ({ file, start: place(start), end: place(end), text });
  return {
    ...entry,
    findings: found.map(({ mistake, position: at, rewrites }) =>
      finding(mistake, { file, ...place(at) }, entry.reference, rewrites?.map(edit)),
    ),
    locate: (path) => ({ file, ...place(position(path)) }),
    edits: (changes) => rewrite(changes)?.map(edit),
  };
}

function finding(
  { severity, code, path, message, remedy }: Mistake,
  location: SourceLocation,
  resource: ResourceReference | undefined,
  edits: readonly TextEdit[] | undefined,
): Finding {
  return {
    severity,
    code,
    message,
    ...(remedy !== undefined && { remedy }),
    ...(resource !== undefined && { origin: { resource, path } }),
    location,
    ...(edits !== undefined && { edits }),
  };
}
