const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** The age of an RFC 3339 time in kubectl's words; `<unknown>` when it is absent or unreadable. */
export function ageOf(timestamp: string | undefined, now: number): string {
  const created = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(created) ? "<unknown>" : humanDuration(now - created);
}

/** A duration in ms as kubectl prints it (source: apimachinery/pkg/util/duration.HumanDuration). */
export function humanDuration(ms: number): string {
  if (ms < -2 * SECOND) return "<invalid>";
  if (ms < 0) return "0s";
  if (ms < 2 * MINUTE) return `${whole(ms, SECOND)}s`;
  if (ms < 10 * MINUTE) return two(ms, [MINUTE, "m"], [SECOND, "s"]);
  if (ms < 3 * HOUR) return `${whole(ms, MINUTE)}m`;
  if (ms < 8 * HOUR) return two(ms, [HOUR, "h"], [MINUTE, "m"]);
  if (ms < 2 * DAY) return `${whole(ms, HOUR)}h`;
  if (ms < 8 * DAY) return two(ms, [DAY, "d"], [HOUR, "h"]);
  if (ms < 2 * YEAR) return `${whole(ms, DAY)}d`;
  if (ms < 8 * YEAR) return two(ms, [YEAR, "y"], [DAY, "d"]);
  return `${whole(ms, YEAR)}y`;
}

type Unit = readonly [ms: number, letter: string];

function two(ms: number, [large, first]: Unit, [small, second]: Unit): string {
  const rest = whole(ms % large, small);
  const head = `${whole(ms, large)}${first}`;
  return rest === 0 ? head : `${head}${rest}${second}`;
}

function whole(ms: number, unit: number): number {
  return Math.floor(ms / unit);
}
