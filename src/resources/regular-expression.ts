import { RE2JS } from "re2js";

/**
 * Envoy's RE2 gives an expression 8 MB of memory, which are some 170,000 instructions; a character class takes several. What is
 * larger than this takes seconds to look at, too.
 */
const maximalSize = 20_000;

/** Why Envoy would refuse an expression; undefined if it takes it. */
export function expressionProblem(expression: string): string | undefined {
  if (expression === "") return "it is empty";
  const size = sizeOf(expression);
  if (size > maximalSize) {
    return `with its repetitions it stands for some ${size} characters, and ${maximalSize} are the most`;
  }
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return words.replace(/^error parsing regexp: /, "");
  }
}

/** An escape, with what it is about in braces; a character class; a counted repetition; or one character. */
const token = /\\(?:[pPx]\{[^}]*\}|[pP].|.)|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gs;

/**
 * About how many characters and classes an expression stands for, once what is repeated is written out: what it costs to
 * compile, told without doing so. Of what is no expression it says anything at all.
 *
 * @example sizeOf("(ab{3}){100}")  // 400
 */
export function sizeOf(expression: string): number {
  const groups: { total: number; last: number }[] = [];
  let current = { total: 0, last: 0 };
  for (const [text, least, most] of expression.matchAll(token)) {
    if (text === "(") {
      groups.push(current);
      current = { total: 0, last: 0 };
    } else if (text === ")") {
      const { total } = current;
      const outer = groups.pop() ?? { total: 0, last: 0 };
      current = { total: outer.total + total, last: total };
    } else if (least !== undefined) {
      const times = Math.max(Number(least), Number(most ?? 0), 1);
      current = { total: current.total + (times - 1) * current.last, last: times * current.last };
    } else if (!"*+?|".includes(text)) {
      current = { total: current.total + 1, last: 1 };
    }
  }
  return groups.reduce((sum, { total }) => sum + total, current.total);
}
