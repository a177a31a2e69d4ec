import { readFile } from "node:fs/promises";
import type { Finding } from "../resources/finding.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import type { Origin, SourceLocation } from "../resources/origin.ts";
import { type ReadDocument, readDocuments } from "../resources/read-documents.ts";
import { findFiles, standardInput } from "../sources/files/find-files.ts";

/** What a set of paths holds, read once. */
export interface ReadFiles {
  readonly objects: readonly KubernetesObject[];
  /** Of the files and documents by themselves, in the order of files. */
  readonly findings: readonly Finding[];
  /** Paths that can't be read at all. */
  readonly problems: readonly Finding[];
  locate(origin: Origin): SourceLocation | undefined;
}

/** Reads files, folders and, as `-`, standard input. Of an object that is there twice, the first one counts. */
export async function readFiles(paths: readonly string[]): Promise<ReadFiles> {
  const { files, problems } = await findFiles(paths);
  const documents = new Map<string, ReadDocument>();
  const findings: Finding[] = [];
  for (const file of files) {
    const text = file === standardInput ? await readAll(process.stdin) : await readFile(file, "utf8");
    for (const document of readDocuments(text, file)) {
      findings.push(...document.findings);
      const { object } = document;
      if (object === undefined) continue;
      const key = `${object.kind}/${keyOf(object)}`;
      const first = documents.get(key);
      if (first === undefined) documents.set(key, document);
      else findings.push(duplicate(key, document, first));
    }
  }
  return {
    objects: [...documents.values()].flatMap(({ object }) => (object === undefined ? [] : [object])),
    findings,
    problems,
    locate: ({ resource, path }) => {
      const key = resource.namespace === undefined ? resource.name : `${resource.namespace}/${resource.name}`;
      return documents.get(`${resource.kind}/${key}`)?.locate(path);
    },
  };
}

function duplicate(key: string, second: ReadDocument, first: ReadDocument): Finding {
  const { file, line } = first.locate(["metadata", "name"]);
  return {
    severity: "error",
    code: "duplicate-object",
    message: `${key} is already written at ${file}:${line}; that one counts.`,
    location: second.locate(["metadata", "name"]),
    ...(second.reference === undefined ? {} : { origin: { resource: second.reference, path: ["metadata", "name"] } }),
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(String(chunk)));
  return Buffer.concat(chunks).toString("utf8");
}
