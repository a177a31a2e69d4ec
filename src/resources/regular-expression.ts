import { RE2JS } from "re2js";

/**
 * Envoy's RE2 gives an expression 8 MB of memory, which are some 170,000 instructions; a character class takes several. What is
 * larger than this takes seconds to look at, too.
 */
export const maximalSize = 20_000;

/**
 * What all expressions of a route may come to: its author shares Envoy's main thread, and ours, with everybody. Each of these takes us about a
 * microsecond (`node bench/standalone/hostile.ts`).
 */
const maximalSizeOfRoute = 50_000;

/** Envoy takes 20 ms for every Unicode class of an expression that ignores case: a thousand bytes of them stop it for three seconds. */
const foldedClass = 4_000;

/** A group takes us as long as so many characters. */
const group = 10;

/**
 * Why Envoy would refuse an expression, or should not get it; undefined if it takes it.
 *
 * @param before what the route's expressions before this one stand for ({@link sizeOf})
 */
export function expressionProblem(expression: string, before = 0): string | undefined {
  if (expression === "") return "it is empty";
  const size = sizeOf(expression);
  if (size > maximalSize) {
    const folded = foldedClasses(expression) > 0 ? ` (each \\p or \\P under (?i) for ${foldedClass})` : "";
    return `with its repetitions it stands for some ${size} characters${folded}, and ${maximalSize} are the most`;
  }
  if (before + size > maximalSizeOfRoute) {
    return `with those before it in the route it stands for some ${before + size} characters, and ${maximalSizeOfRoute} are the most`;
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
 * @example sizeOf("(ab{3}){100}")  // 410
 * @example sizeOf("(?i)\\pL{100}")  // 4111: what ignores case is paid for where it is written
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
  const written = foldedClass * foldedClasses(expression) + group * (expression.match(/\(/g)?.length ?? 0);
  return groups.reduce((sum, { total }) => sum + total, current.total) + written;
}

/** How many Unicode classes ignore case; all of them where anything does. */
function foldedClasses(expression: string): number {
  return /\(\?[A-Za-z]*i/.test(expression) ? (expression.match(/\\[pP]/g)?.length ?? 0) : 0;
}
