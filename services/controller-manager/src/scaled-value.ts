/** A number, or a percentage of a whole, which is rounded (`Math.ceil`, `Math.floor`). */
export function scaledValue(
  value: number | string,
  whole: number,
  round: (value: number) => number,
): number {
  if (typeof value === "number") return value;
  const percent = Number(/^(\d+)%$/.exec(value)?.[1] ?? Number.NaN);
  return Number.isNaN(percent) ? Number(value) || 0 : round((percent * whole) / 100);
}
