import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchRow } from "./row.ts";

/** A figure that belongs into a plot. */
type Plotted = BenchRow & { readonly point: NonNullable<BenchRow["point"]> };

const PANEL = { width: 300, height: 230, left: 52, right: 12, top: 34, bottom: 36 } as const;
/** By series, in the order they come: told apart without colour by their dashes. */
const STYLES = [
  { color: "#1f6feb", dash: "" },
  { color: "#d1242f", dash: "6 3" },
  { color: "#1a7f37", dash: "2 3" },
  { color: "#8250df", dash: "8 2 2 2" },
] as const;

/**
 * Writes the rows that have a point as a plot, `<name>.svg`, with a panel for each chart and
 * logarithmic axes, and the figures it was made of, `<name>.json`, into a directory.
 */
export async function writePlot(
  directory: string,
  name: string,
  { rows, machine }: { rows: readonly BenchRow[]; machine: object },
): Promise<void> {
  const plotted = rows.filter((row): row is Plotted => row.point !== undefined);
  const figures = plotted.map(({ point, value }) => ({ ...point, value }));
  await mkdir(directory, { recursive: true });
  const json = JSON.stringify({ machine, figures }, undefined, 2);
  await writeFile(join(directory, `${name}.json`), `${json}\n`);
  await writeFile(join(directory, `${name}.svg`), drawPlot(plotted));
}

function drawPlot(rows: readonly Plotted[]): string {
  const charts = [...Map.groupBy(rows, ({ point }) => point.chart)];
  const series = [...new Set(rows.map(({ point }) => point.series))];
  const panels = charts.map(([title, points], index) => {
    return `<g transform="translate(${index * PANEL.width} 0)">${drawPanel(title, points, series)}</g>`;
  });
  const width = charts.length * PANEL.width;
  const height = PANEL.height + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" \
font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
${panels.join("\n")}
${series.map(drawLegend).join("\n")}
</svg>
`;
}

function drawPanel(title: string, rows: readonly Plotted[], series: readonly string[]): string {
  const xs = decades(rows.map(({ point }) => point.x));
  const ys = decades(rows.map(({ value }) => value));
  const toX = scale(xs, PANEL.left, PANEL.width - PANEL.right);
  const toY = scale(ys, PANEL.height - PANEL.bottom, PANEL.top);
  const grid = [
    ...xs.map((x) => line([toX(x), PANEL.top], [toX(x), PANEL.height - PANEL.bottom])),
    ...ys.map((y) => line([PANEL.left, toY(y)], [PANEL.width - PANEL.right, toY(y)])),
  ];
  const labels = [
    text([PANEL.left, 18], "start", title, "bold"),
    ...xs.map((x) => text([toX(x), PANEL.height - PANEL.bottom + 15], "middle", format(x))),
    ...ys.map((y) => text([PANEL.left - 6, toY(y) + 4], "end", format(y))),
    text([(PANEL.left + PANEL.width) / 2, PANEL.height - 6], "middle", "Services"),
  ];
  const curves = series.map((name, index) => {
    const own = rows.filter(({ point }) => point.series === name);
    const points = own.map(({ point, value }) => `${round(toX(point.x))},${round(toY(value))}`);
    const { color, dash } = styleOf(index);
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" \
stroke-width="2" stroke-dasharray="${dash}"/>`;
  });
  return [...grid, ...labels, ...curves].join("\n");
}

function drawLegend(name: string, index: number): string {
  const [x, y] = [PANEL.left + index * 120, PANEL.height + 10];
  const { color, dash } = styleOf(index);
  return `<line x1="${x}" y1="${y}" x2="${x + 28}" y2="${y}" stroke="${color}" stroke-width="2" \
stroke-dasharray="${dash}"/>${text([x + 34, y + 4], "start", name)}`;
}

function styleOf(index: number): { color: string; dash: string } {
  return STYLES[index % STYLES.length] ?? STYLES[0];
}

/** The powers of ten around all values. */
function decades(values: readonly number[]): number[] {
  const logs = values.map((value) => Math.log10(Math.max(value, 1e-3)));
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(Math.ceil(Math.max(...logs)), low + 1);
  return Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
}

function scale(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10)];
  return (value) => from + ((Math.log10(Math.max(value, 1e-3)) - low) / (high - low)) * (to - from);
}

type Place = readonly [x: number, y: number];

function line([x1, y1]: Place, [x2, y2]: Place): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#d0d7de"/>`;
}

function text([x, y]: Place, anchor: string, content: string, weight = "normal"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-weight="${weight}">${content}</text>`;
}

function format(value: number): string {
  return value >= 1 ? value.toLocaleString("en") : String(Number(value.toPrecision(2)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
