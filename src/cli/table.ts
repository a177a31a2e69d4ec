/**
 * Rows as lines whose columns are aligned, three spaces apart, as kubectl's are.
 *
 * @example table([["NAME", "AGE"], ["public", "5s"]])  // ["NAME     AGE", "public   5s"]
 */
export function table(rows: readonly (readonly string[])[], gap = 3): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + gap))
      .join("")
      .trimEnd(),
  );
}
