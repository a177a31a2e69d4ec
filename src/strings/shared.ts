// An object that has lost properties is a table to V8, which must know its keys by identity: what is written there becomes the one
// string of its content that V8 has, and the garbage collector lets every other copy of it refer to that one. V8 forgets it when
// nobody else holds it, so nothing leaks.
const table: Record<string, true> = Object.create(null);
for (const key of ["a", "b"]) table[key] = true;
delete table["a"];

/** Up to here, V8's JSON parser shares strings itself; and what is shorter than 13 is never kept as its parts. */
const alwaysShared = 10;

/**
 * The same string, in one place of memory with all others of its content. Names are made again and again, by templates, each a
 * new string that consists of its parts: at 5,000 routes that was a fifth of the heap.
 *
 * For what is kept for long. Costs about a microsecond.
 */
export function shared(text: string): string {
  if (text.length <= alwaysShared) return text;
  table[text] = true;
  delete table[text];
  return text;
}
