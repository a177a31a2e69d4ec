import { isDeepStrictEqual } from "node:util";
import { commonEnds } from "../../resources/common-ends.ts";
import type { Finding } from "../../resources/finding.ts";
import { type KubernetesObject, keyOf } from "../../resources/object.ts";
import {
  type FieldPath,
  formatReference,
  type ResourceReference,
  type SourceLocation,
} from "../../resources/origin.ts";
import type { ResourceBatch, ResourceChange } from "../source.ts";

/** What the table needs of a document that was read. `object` is absent where it was refused or is of no interest. */
export interface TableDocument {
  readonly object?: KubernetesObject | undefined;
  /** Absent when not even the name could be read. */
  readonly reference?: ResourceReference | undefined;
  readonly findings: readonly Finding[];
  locate(path: FieldPath): SourceLocation | undefined;
}

/** The newest content of a file; `documents` is absent when the file is gone. */
export interface FileReading {
  readonly file: string;
  readonly documents: readonly TableDocument[] | undefined;
}

/** One object as one file has it. */
interface Version {
  readonly id: string;
  readonly file: string;
  readonly reference: ResourceReference;
  readonly object: KubernetesObject;
  readonly document: TableDocument;
}

interface Served {
  readonly version: Version;
  /** `version.object` with its generation. */
  readonly object: KubernetesObject;
}

interface FileState {
  readonly versions: readonly Version[];
  readonly findings: readonly Finding[];
}

/**
 * Which objects a set of files stands for.
 *
 * - A document that is refused leaves the object as it last was in this file. Where a document can't even be told apart
 *   (a syntax error), every object of the file that the rest of it doesn't mention stays.
 * - An object in several places is served from the first one, by path, then by place in the file. Each other one is
 *   reported, and takes over when the first goes.
 * - `metadata.generation` is kept where it is written; otherwise it starts at 1 and counts changes of anything but
 *   metadata and status, as the API server does.
 */
export class ObjectTable {
  readonly #files = new Map<string, FileState>();
  readonly #versions = new Map<string, readonly Version[]>();
  readonly #served = new Map<string, Served>();

  /** Takes all readings in at once, and tells what that changed. */
  apply(readings: readonly FileReading[]): ResourceBatch {
    const ids = new Set<string>();
    const files = new Set<string>();
    for (const reading of readings) {
      const before = this.#files.get(reading.file);
      const after = reading.documents === undefined ? undefined : readFile(reading.file, reading.documents, before);
      if (after === undefined) this.#files.delete(reading.file);
      else this.#files.set(reading.file, after);
      files.add(reading.file);
      for (const id of this.#replaceVersions(reading.file, before?.versions ?? [], after?.versions ?? [])) ids.add(id);
    }
    for (const id of ids) for (const version of this.#versions.get(id) ?? []) files.add(version.file);
    return {
      changes: [...ids].sort().flatMap((id) => this.#serve(id) ?? []),
      findings: new Map([...files].sort().map((file) => [file, this.#findingsOf(file)])),
    };
  }

  /** Objects that are being served. */
  get size(): number {
    return this.#served.size;
  }

  /** Returns the ids of all objects that something is new of in this file; other files' duplicates of them are still to be reported. */
  #replaceVersions(file: string, before: readonly Version[], after: readonly Version[]): ReadonlySet<string> {
    const { start, end } = commonEnds(before, after, Object.is);
    const gone = before.slice(start, before.length - end);
    const touched = new Set([...gone, ...after.slice(start, after.length - end)].map(({ id }) => id));
    const added = new Map<string, Version[]>();
    for (const version of after) {
      if (!touched.has(version.id)) continue;
      const same = added.get(version.id);
      if (same === undefined) added.set(version.id, [version]);
      else same.push(version);
    }
    for (const id of touched) {
      const others = (this.#versions.get(id) ?? []).filter((version) => version.file !== file);
      const versions = [...others, ...(added.get(id) ?? [])].sort((a, b) => compare(a.file, b.file));
      if (versions.length === 0) this.#versions.delete(id);
      else this.#versions.set(id, versions);
    }
    return touched;
  }

  #serve(id: string): ResourceChange | undefined {
    const version = this.#versions.get(id)?.[0];
    const before = this.#served.get(id);
    if (version === undefined) {
      this.#served.delete(id);
      return before && change(before.version.reference, before.version.object, undefined, () => undefined);
    }
    const same = before !== undefined && isDeepStrictEqual(before.version.object, version.object);
    const object = same ? before.object : withGeneration(version.object, before?.object);
    this.#served.set(id, { version, object });
    if (same) return undefined;
    return change(version.reference, object, object, (path) => this.#served.get(id)?.version.document.locate(path));
  }

  #findingsOf(file: string): readonly Finding[] {
    const state = this.#files.get(file);
    if (state === undefined) return [];
    const duplicates = state.versions.flatMap((version) => {
      const [first] = this.#versions.get(version.id) ?? [];
      return first === undefined || first === version ? [] : [duplicate(version, first)];
    });
    return duplicates.length === 0 ? state.findings : [...state.findings, ...duplicates];
  }
}

function readFile(file: string, documents: readonly TableDocument[], before: FileState | undefined): FileState {
  const last = before?.versions ?? [];
  const unchanged = commonEnds(last, documents, (version, document) => version.document === document);
  const refused: TableDocument[] = [];
  const versions = documents.flatMap((document, index) => {
    const fromEnd = documents.length - index;
    const same =
      index < unchanged.start ? last[index] : fromEnd <= unchanged.end ? last[last.length - fromEnd] : undefined;
    const { object, reference } = document;
    if (object !== undefined && reference !== undefined)
      return same ?? { id: idOf(reference), file, reference, object, document };
    if (document.findings.some((finding) => finding.severity === "error")) refused.push(document);
    return [];
  });
  const mentioned = new Set(refused.length === 0 ? [] : versions.map(({ id }) => id));
  const kept = refused.map((document) => keep(document, before?.versions ?? [], mentioned));
  return {
    versions: [...versions, ...kept.flatMap((each) => each.versions)],
    findings: [...documents.flatMap((document) => document.findings), ...kept.flatMap((each) => each.findings)],
  };
}

/** The last good versions that stand in for a refused document. Adds them to `mentioned`. */
function keep(document: TableDocument, before: readonly Version[], mentioned: Set<string>): FileState {
  const { reference } = document;
  const id = reference && idOf(reference);
  const versions = before.filter((version) => (id === undefined || version.id === id) && !mentioned.has(version.id));
  for (const version of versions) mentioned.add(version.id);
  const [first] = versions;
  if (first === undefined) return { versions, findings: [] };
  const location = document.findings.find((finding) => finding.location !== undefined)?.location;
  const what =
    versions.length === 1 ? formatReference(first.reference) : `What this file held (${versions.length} objects)`;
  const finding: Finding = {
    severity: "warning",
    code: "last-good-version",
    message: `${what} stays served as it was before this error.`,
    origin: { resource: first.reference, path: [] },
    ...(location && { location }),
  };
  return { versions, findings: [finding] };
}

function duplicate(version: Version, first: Version): Finding {
  const location = version.document.locate([]);
  const served = first.document.locate([]);
  const place = served === undefined ? first.file : `${served.file}:${served.line}`;
  return {
    severity: "error",
    code: "duplicate-object",
    message: `${formatReference(version.reference)} is also in ${place}, which is the one that is served.`,
    remedy: "Remove one of the two, or give it another name.",
    origin: { resource: version.reference, path: ["metadata", "name"] },
    ...(location && { location }),
  };
}

function change(
  reference: ResourceReference,
  named: KubernetesObject,
  object: KubernetesObject | undefined,
  locate: NonNullable<ResourceChange["locate"]>,
): ResourceChange {
  return { reference, key: keyOf(named), kind: reference.kind, object, locate };
}

function withGeneration(object: KubernetesObject, before: KubernetesObject | undefined): KubernetesObject {
  if (object.metadata.generation !== undefined) return object;
  const last = before?.metadata.generation ?? 0;
  const same = before !== undefined && isDeepStrictEqual(specOf(before), specOf(object));
  return { ...object, metadata: { ...object.metadata, generation: same ? last : last + 1 } };
}

/** Everything but metadata and status: also `data` of a Secret, `endpoints` of an EndpointSlice. */
function specOf(object: KubernetesObject): Readonly<Record<string, unknown>> {
  return { ...object, metadata: undefined, status: undefined };
}

function idOf({ group, kind, namespace, name }: ResourceReference): string {
  return `${kind}|${group}|${namespace ?? ""}|${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
