/** One measured figure, beside the same figure of a peer measured in the same run. */
export interface BenchRow {
  /** What was measured, e.g. "HTTP, new connection each, p50". */
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Whom it is compared with; absent when there is nobody to compare with on this machine. */
  readonly peer?: { readonly name: string; readonly value: number };
  /** Where it stands in a plot: a curve of a chart, at x. */
  readonly point?: { readonly chart: string; readonly series: string; readonly x: number };
}

/** What a part of the benchmark is told. */
export interface BenchOptions {
  /** How long one measurement may take. */
  readonly seconds: number;
}

/** Column-aligned text: one line a row, the ratio is value ÷ peer's value. */
export function formatRows(rows: readonly BenchRow[]): string {
  const head = ["measurement", "unit", "kubehop", "peer", "", "ratio"];
  const cells = rows.map((row) => [
    row.name,
    row.unit,
    figure(row.value),
    row.peer ? figure(row.peer.value) : "",
    row.peer?.name ?? "",
    row.peer && row.peer.value !== 0 ? `${(row.value / row.peer.value).toFixed(2)}x` : "",
  ]);
  const table = [head, ...cells];
  const widths = head.map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  return table.map((line) => formatLine(line, widths)).join("\n");
}

const RIGHT_ALIGNED = new Set([2, 3, 5]);

function formatLine(line: readonly string[], widths: readonly number[]): string {
  const padded = line.map((cell, column) => {
    const width = widths[column] ?? 0;
    return RIGHT_ALIGNED.has(column) ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join("  ").trimEnd();
}

/** Three significant digits, no exponent. */
function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
