import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Finding } from "../resources/finding.ts";
import { type FindingCode, pageOf, ruleOf } from "../resources/finding-codes.ts";
import type { TextEdit } from "../resources/fix.ts";
import { formatPath, formatReference } from "../resources/origin.ts";
import { version } from "./version.ts";

/**
 * Findings as SARIF 2.1.0, which code scanning reads: one run, with a rule for each code that was found, and each fix as
 * replacements. Findings of a cluster have no file; there the object and field say where.
 */
export function sarif(findings: readonly Finding[]): object {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "Gatewright",
            semanticVersion: version(),
            informationUri: "https://gatewright.dev",
            rules: codes.map(rule),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => result(finding, codes)),
      },
    ],
  };
}

function rule(code: FindingCode): object {
  const { title, severity } = ruleOf(code);
  const page = readPage(code);
  return {
    id: code,
    shortDescription: { text: `${title}.` },
    helpUri: pageOf(code),
    ...(page === undefined ? {} : { help: { text: page, markdown: page } }),
    defaultConfiguration: { level: severity },
  };
}

function result(
  { severity, code, message, remedy, origin, location, edits }: Finding,
  codes: readonly string[],
): object {
  const place = {
    ...(location !== undefined && {
      physicalLocation: {
        artifactLocation: artifact(location.file),
        region: { startLine: location.line, startColumn: location.column },
      },
    }),
    ...(origin !== undefined && {
      logicalLocations: [
        {
          kind: "object",
          name: formatReference(origin.resource),
          fullyQualifiedName: [formatReference(origin.resource), formatPath(origin.path)].join(" ").trimEnd(),
        },
      ],
    }),
  };
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: remedy === undefined ? message : `${message}\n${remedy}` },
    ...(Object.keys(place).length > 0 && { locations: [place] }),
    ...(edits !== undefined && { fixes: [fix(edits, remedy)] }),
  };
}

function fix(edits: readonly TextEdit[], remedy: string | undefined): object {
  const files = [...new Set(edits.map(({ file }) => file))];
  return {
    ...(remedy !== undefined && { description: { text: remedy } }),
    artifactChanges: files.map((file) => ({
      artifactLocation: artifact(file),
      replacements: edits
        .filter((edit) => edit.file === file)
        .map(({ start, end, text }) => ({
          deletedRegion: {
            startLine: start.line,
            startColumn: start.column,
            endLine: end.line,
            endColumn: end.column,
          },
          insertedContent: { text },
        })),
    })),
  };
}

/** Relative paths stay so: whoever reads them knows the root of the checkout. */
function artifact(file: string): { readonly uri: string } {
  if (isAbsolute(file)) return { uri: pathToFileURL(file).href };
  return { uri: file.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/") };
}

function readPage(code: FindingCode): string | undefined {
  for (const root of ["../../", "../../../"]) {
    try {
      return readFileSync(new URL(`${root}docs/findings/${code}.md`, import.meta.url), "utf8");
    } catch {
      // Compiled code is one folder deeper.
    }
  }
  return undefined;
}
