const GAP = "   ";

/**
 * Lays out rows in columns as kubectl does: upper-case headings, three spaces between columns,
 * nothing behind the last one. Gives lines with a line feed each.
 */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  const lines = all.map((row) =>
    widths
      .map((width, column) => (row[column] ?? "").padEnd(width))
      .join(GAP)
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
