/**
 * Writes the table of values in charts/gatewright/README.md, from the comments of values.yaml.
 *
 *     node scripts/chart-values.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, parseDocument, stringify, type YAMLMap } from "yaml";

const chart = join(import.meta.dirname, "../charts/gatewright");
const readme = join(chart, "README.md");

interface Value {
  readonly path: string;
  readonly default: string;
  readonly comment: string;
}

/** The chart's README with the table as it is to be. @throws Error when a value has no comment */
export function readmeWithValues(): string {
  const { contents } = parseDocument(readFileSync(join(chart, "values.yaml"), "utf8"));
  if (!isMap(contents)) throw new Error("values.yaml holds no values");
  const values = valuesIn(contents, "");
  const silent = values.filter(({ comment }) => comment === "").map(({ path }) => path);
  if (silent.length > 0) throw new Error(`values.yaml says nothing of ${silent.join(", ")}`);
  const rows = values.map(
    ({ path, default: value, comment }) => `| \`${path}\` | ${value === '""' ? "" : `\`${value}\``} | ${comment} |`,
  );
  const table = ["| value | default | what it is |", "|---|---|---|", ...rows].join("\n");
  const marked = /(<!-- values: made by scripts\/chart-values\.ts -->\n)[\s\S]*?(<!-- end -->)/;
  const text = readFileSync(readme, "utf8");
  if (!marked.test(text)) throw new Error("the README has no place for values");
  return text.replace(marked, (_whole, start: string, end: string) => `${start}${table}\n${end}`);
}

/** The README as it is. */
export function readmeAsItIs(): string {
  return readFileSync(readme, "utf8");
}

/** A map whose entries have comments is a group of values, any other map is one. */
function valuesIn(map: YAMLMap, prefix: string): readonly Value[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) return [];
    const path = `${prefix}${String(key.value)}`;
    // The comment before the first entry is the map's.
    const comment = sentence(key.commentBefore ?? (index === 0 ? map.commentBefore : undefined));
    const group = isMap(value) && value.items.length > 0 ? valuesIn(value, `${path}.`) : [];
    if (group.some((entry) => entry.comment !== "")) {
      return group.map((entry) => ({ ...entry, comment: entry.comment === "" ? comment : entry.comment }));
    }
    const text = stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
    return [{ path, default: text, comment }];
  });
}

function sentence(comment: string | null | undefined): string {
  return (comment ?? "")
    .split(/\n\s*\n/)
    .slice(-1)
    .join("")
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .replaceAll("|", "\\|");
}

if (process.argv[1] === import.meta.filename) writeFileSync(readme, readmeWithValues());
