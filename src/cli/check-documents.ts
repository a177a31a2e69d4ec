import type { Finding } from "../resources/finding.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { formatReference, type ResourceReference } from "../resources/origin.ts";
import { type ReadDocument, readDocuments } from "../resources/read-documents.ts";

/** A file that was read. `name` is what findings call it. */
export interface TextFile {
  readonly name: string;
  readonly text: string;
}

/** Finds what is wrong between objects. Its findings get their places in files from their origins. */
export type Analyse = (objects: readonly KubernetesObject[]) => readonly Finding[];

export interface CheckedDocuments {
  /** In the order of the files, and of the lines in them. */
  readonly findings: readonly Finding[];
  readonly objects: readonly KubernetesObject[];
}

/** Everything that is wrong with the documents of some files, by themselves and with each other. */
export function checkDocuments(files: readonly TextFile[], analyse: Analyse): CheckedDocuments {
  const read = files.flatMap(({ name, text }) => readDocuments(text, name));
  const documents = withoutDuplicates(read);
  const objects = documents.kept.flatMap(({ object }) => object ?? []);
  const between = analyse(objects).map((finding) => inFile(finding, documents.byName));
  const findings = inOrder(
    [...read.flatMap((document) => document.findings), ...documents.findings, ...between],
    files.map(({ name }) => name),
  );
  return { findings, objects };
}

interface Documents {
  readonly kept: readonly ReadDocument[];
  readonly byName: ReadonlyMap<string, ReadDocument>;
  readonly findings: readonly Finding[];
}

/** Of two documents that describe the same object the first counts, as in a folder that is served. */
function withoutDuplicates(documents: readonly ReadDocument[]): Documents {
  const kept: ReadDocument[] = [];
  const byName = new Map<string, ReadDocument>();
  const findings: Finding[] = [];
  for (const document of documents) {
    const { reference } = document;
    const first = reference && byName.get(identity(reference));
    if (reference === undefined) continue;
    if (first === undefined) {
      byName.set(identity(reference), document);
      kept.push(document);
    } else {
      const { file, line } = first.locate([]);
      findings.push({
        severity: "error",
        code: "duplicate-object",
        message: `${formatReference(reference)} is also in ${file}:${line}, which is the one that is served.`,
        remedy: "Remove one of the two, or give it another name.",
        origin: { resource: reference, path: ["metadata", "name"] },
        location: document.locate(["metadata", "name"]),
      });
    }
  }
  return { kept, byName, findings };
}

function identity({ group, kind, namespace = "", name }: ResourceReference): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

/** The finding with its place, and with its fix as edits of the file that holds the object to change. */
function inFile(finding: Finding, documents: ReadonlyMap<string, ReadDocument>): Finding {
  const { origin, fix } = finding;
  const document = origin && documents.get(identity(origin.resource));
  const location = finding.location ?? document?.locate(origin?.path ?? []);
  const edits = fix && documents.get(identity(fix.resource))?.edits(fix.changes);
  return { ...finding, ...(location !== undefined && { location }), ...(edits !== undefined && { edits }) };
}

function inOrder(findings: readonly Finding[], files: readonly string[]): readonly Finding[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ location }: Finding) =>
    location === undefined ? files.length : (order.get(location.file) ?? files.length);
  return [...findings].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
      (a.location?.column ?? 0) - (b.location?.column ?? 0),
  );
}
