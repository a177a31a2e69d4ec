import { type Mistake, warning } from "../mistake.ts";
import { isTooDeep, tooDeep } from "../nesting.ts";
import { type FieldPath, formatPath } from "../origin.ts";
import { isJsonObject, type Json } from "../schema.ts";
import { type Positioned, positionsIn, valueIn } from "./positioned.ts";
import { quickParse } from "./quick-parse.ts";
import { hasDuplicateKeys, jsonMistake, type SyntaxMistake, syntaxMistakes } from "./syntax.ts";
import { ambiguousScalars } from "./yaml-1.1.ts";

/** The text of one document, read. */
export interface ParsedText {
  /** What could be read, if there are mistakes. */
  readonly value: Json;
  readonly mistakes: readonly SyntaxMistake[];
  /** Plain scalars below `prefix` that Kubernetes reads differently, except where something is wrong anyway. */
  warnings(prefix: FieldPath, known: readonly Mistake[]): readonly Mistake[];
}

/** Reads one document of YAML or JSON. Positions are worked out only if something is wrong or doubtful. */
export function parseDocumentText(text: string, file: string): ParsedText {
  try {
    const parsed = parse(text, file);
    return isTooDeep(parsed.value) ? unreadable : parsed;
  } catch (error) {
    // The parsers recurse, too.
    if (error instanceof RangeError) return unreadable;
    throw error;
  }
}

const unreadable: ParsedText = {
  value: null,
  mistakes: [{ code: "yaml-syntax", position: { line: 0, column: 1 }, message: tooDeep }],
  warnings: noWarnings,
};

function parse(text: string, file: string): ParsedText {
  const isJson = /^\s*[[{]/.test(text);
  const quick = isJson ? parseJson(text) : quickParse(text);
  if (quick !== undefined) return { value: quick.value, mistakes: [], warnings: noWarnings };
  const mistakes = file.endsWith(".json") && isJson ? jsonMistakes(text) : [];
  const positions = positionsIn(text);
  const found = mistakes.length > 0 ? mistakes : syntaxMistakes(text, positions);
  const read = expanded(positions);
  if (found.length > 0 || "mistake" in read) {
    const value = "mistake" in read ? null : read.value;
    const all = found.length === 0 && "mistake" in read ? [read.mistake] : found;
    return { value, mistakes: all, warnings: noWarnings };
  }
  return { value: read.value, mistakes: [], warnings };

  function warnings(prefix: FieldPath, known: readonly Mistake[]): readonly Mistake[] {
    const paths = new Set(known.map(({ path }) => formatPath(path)));
    return ambiguousScalars(positions, prefix)
      .filter(({ path }) => !paths.has(formatPath(path)))
      .map(({ path, source, kubernetes }) =>
        warning(
          "yaml-1.1",
          path,
          `${formatPath(path)}: Kubernetes reads the plain value ${source} as ${kubernetes} (YAML 1.1).`,
          /^[a-z]/i.test(source)
            ? `Put it in quotes, "${source}", or write ${kubernetes}.`
            : `Write ${Number(source.replaceAll("_", ""))} or ${kubernetes}, whichever is meant.`,
        ),
      );
  }
}

function noWarnings(): readonly Mistake[] {
  return [];
}

function parseJson(text: string): { readonly value: Json } | undefined {
  try {
    const value: Json = JSON.parse(text);
    return hasDuplicateKeys(text, countFields(value)) ? undefined : { value };
  } catch {
    return undefined;
  }
}

function jsonMistakes(text: string): readonly SyntaxMistake[] {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    return [jsonMistake(text, error)];
  }
}

function countFields(value: Json): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + countFields(item), 0);
  if (!isJsonObject(value)) return 0;
  return Object.values(value).reduce((sum: number, field) => sum + 1 + countFields(field), 0);
}

/** The value, unless its aliases multiply beyond all measure. */
function expanded(positioned: Positioned): { readonly value: Json } | { readonly mistake: SyntaxMistake } {
  if (positioned.document.errors.some(({ code }) => code === "NON_STRING_KEY")) return { value: null };
  try {
    return { value: valueIn(positioned) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The aliases can't be followed: ${reason}.`;
    return { mistake: { code: "yaml-syntax", position: { line: 0, column: 1 }, message } };
  }
}
