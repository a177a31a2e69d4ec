import type { Finding } from "../resources/finding.ts";
import { formatPath, formatReference } from "../resources/origin.ts";
import type { ValidationResult } from "./validation-result.ts";

/**
 * Findings as JUnit's XML, which CI systems show as tests: a suite for each file, and one for what is in no file; a test for
 * each finding, which fails if the run does for it, and is skipped otherwise; one that passes for a file without any.
 */
export function junit(
  { findings, files }: Pick<ValidationResult, "findings" | "files">,
  fails: (finding: Finding) => boolean,
): string {
  const suites = new Map<string, Finding[]>(files.map((file) => [file, []]));
  for (const finding of findings) {
    const name =
      finding.location?.file ??
      (finding.origin === undefined ? "gatewright" : formatReference(finding.origin.resource));
    const suite = suites.get(name);
    if (suite === undefined) suites.set(name, [finding]);
    else suite.push(finding);
  }
  const body = [...suites].map(([name, found]) => suiteOf(name, found, fails));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: "gatewright validate", ...counts([...suites.values()], fails) })}>`,
    ...body,
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteOf(name: string, findings: readonly Finding[], fails: (finding: Finding) => boolean): string {
  const tests =
    findings.length === 0
      ? [`    <testcase ${attributes({ classname: name, name: "valid" })}/>`]
      : findings.map((finding) => testOf(name, finding, fails(finding)));
  return [`  <testsuite ${attributes({ name, ...counts([findings], fails) })}>`, ...tests, "  </testsuite>"].join("\n");
}

function counts(suites: readonly (readonly Finding[])[], fails: (finding: Finding) => boolean): Record<string, string> {
  const found = suites.flat();
  const failures = found.filter(fails).length;
  const valid = suites.filter((findings) => findings.length === 0).length;
  return {
    tests: String(found.length + valid),
    failures: String(failures),
    errors: "0",
    skipped: String(found.length - failures),
  };
}

function testOf(suite: string, finding: Finding, failed: boolean): string {
  const { severity, code, message, remedy = "", location, origin } = finding;
  const place =
    location !== undefined
      ? `:${location.line}:${location.column}`
      : origin === undefined
        ? ""
        : ` ${formatPath(origin.path)}`;
  const at = {
    classname: suite,
    name: `${code}${place}`,
    ...(location && { file: location.file, line: String(location.line) }),
  };
  const text = `${suite}${place}: ${severity} ${code}\n${message}\n${remedy}`.trimEnd();
  const outcome = failed
    ? `<failure ${attributes({ message, type: code })}>${escaped(text)}</failure>`
    : `<skipped ${attributes({ message: `${severity}: ${message}` })}/>`;
  return `    <testcase ${attributes(at)}>${outcome}</testcase>`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(value).replaceAll("\n", "&#10;")}"`)
    .join(" ");
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no way to write most control characters. */
const unwritable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function escaped(text: string): string {
  return text.replaceAll(unwritable, "\uFFFD").replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}
