/** The times a CronJob's schedule names: for each field the numbers it allows. */
export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Days of the month are not restricted, so weekdays alone decide. */
  readonly anyDay: boolean;
  /** Weekdays are not restricted, so days of the month alone decide. */
  readonly anyWeekday: boolean;
}

interface FieldRange {
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const RANGES: readonly FieldRange[] = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12, names: MONTHS },
  { from: 0, to: 6, names: WEEKDAYS },
];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Minutes of four years and a day: every schedule that ever fires has fired in it. */
const HORIZON_MINUTES = (4 * 365 + 2) * 24 * 60;
const MINUTE_MS = 60_000;

/**
 * Reads a schedule of five fields (crontab(5)) or a descriptor such as `@hourly`; or says what is
 * wrong with it, in the words of robfig/cron, which upstream uses.
 */
export function parseCronSchedule(text: string): CronSchedule | { readonly wrong: string } {
  const standard = text.startsWith("@") ? DESCRIPTORS[text] : text;
  if (standard === undefined) return { wrong: `unrecognized descriptor: ${text}` };
  const fields = standard.split(/\s+/).filter((field) => field !== "");
  if (fields.length !== RANGES.length) {
    const found = `found ${fields.length}: [${fields.join(" ")}]`;
    return { wrong: `expected exactly ${RANGES.length} fields, ${found}` };
  }
  const sets: Set<number>[] = [];
  for (const [index, range] of RANGES.entries()) {
    const values = parseField(fields[index] ?? "", range);
    if (typeof values === "string") return { wrong: values };
    sets.push(values);
  }
  const [minutes, hours, days, months, weekdays] = sets as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ];
  const [anyDay, anyWeekday] = [isStar(fields[2]), isStar(fields[4])];
  return { minutes, hours, days, months, weekdays, anyDay, anyWeekday };
}

type Numbers = Set<number>;

/**
 * The first time after `after` (unix ms) that a schedule names in a time zone (default UTC);
 * undefined when there is none, as with February 30.
 */
export function nextCronTime(
  schedule: CronSchedule,
  after: number,
  timeZone: string = "UTC",
): number | undefined {
  const clock = wallClock(timeZone);
  const first = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS;
  let time = first;
  while (time < first + HORIZON_MINUTES * MINUTE_MS) {
    const wall = clock(time);
    const skip = minutesToSkip(schedule, wall);
    if (skip === 0) return time;
    time += skip * MINUTE_MS;
  }
  return undefined;
}

interface WallTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

/** 0 when the schedule names this minute; else minutes to the next that could be, or fewer. */
function minutesToSkip(schedule: CronSchedule, wall: WallTime): number {
  const toNextHour = 60 - wall.minute;
  if (!schedule.months.has(wall.month) || !isDay(schedule, wall)) {
    // Hour by hour near midnight, where clocks change; else straight to the last hour of the day.
    return wall.hour < 20 ? (20 - wall.hour) * 60 - wall.minute : toNextHour;
  }
  if (!schedule.hours.has(wall.hour)) return toNextHour;
  return schedule.minutes.has(wall.minute) ? 0 : 1;
}

/** When both kinds of days are restricted, either is enough (crontab(5)). */
function isDay({ days, weekdays, anyDay, anyWeekday }: CronSchedule, wall: WallTime): boolean {
  const [byDay, byWeekday] = [days.has(wall.day), weekdays.has(wall.weekday)];
  return anyDay || anyWeekday ? byDay && byWeekday : byDay || byWeekday;
}

function wallClock(timeZone: string): (time: number) => WallTime {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const weekday = WEEKDAYS.indexOf((parts.get("weekday") ?? "").toLowerCase());
    const [minute, hour, day, month] = [
      number("minute"),
      number("hour"),
      number("day"),
      number("month"),
    ];
    return { minute, hour, day, month, weekday };
  };
}

function isStar(field: string | undefined): boolean {
  return /^[*?](\/|$)/.test(field ?? "");
}

/** The numbers a field allows, or what is wrong with it. */
function parseField(field: string, range: FieldRange): Set<number> | string {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const steps = parsePart(part, range);
    if (typeof steps === "string") return steps;
    for (let value = steps.from; value <= steps.to; value += steps.step) values.add(value);
  }
  return values;
}

interface Steps {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** `*`, `5`, `1-5`, each perhaps with a step: a number with one means from there to the end. */
function parsePart(part: string, range: FieldRange): Steps | string {
  const [span = "", stepText, ...more] = part.split("/");
  if (more.length > 0) return `too many slashes: ${part}`;
  const ends = parseSpan(span, range);
  if (typeof ends === "string") return ends;
  const step = stepText === undefined ? 1 : parseNumber(stepText, { from: 0, to: 0 });
  if (typeof step === "string") return step;
  const [from, end = stepText === undefined ? from : range.to] = ends;
  const steps = { from, to: end, step };
  return limitsError(steps, range, part) ?? steps;
}

function parseSpan(span: string, range: FieldRange): [from: number, to?: number] | string {
  if (span === "*" || span === "?") return [range.from, range.to];
  const ends = span.split("-");
  if (ends.length > 2) return `too many hyphens: ${span}`;
  const numbers = ends.map((end) => parseNumber(end, range));
  const wrong = numbers.find((number) => typeof number === "string");
  return typeof wrong === "string" ? wrong : (numbers as [number, number?]);
}

function limitsError(
  { from, to, step }: Steps,
  range: FieldRange,
  part: string,
): string | undefined {
  if (from < range.from)
    return `beginning of range (${from}) below minimum (${range.from}): ${part}`;
  if (to > range.to) return `end of range (${to}) above maximum (${range.to}): ${part}`;
  if (from > to) return `beginning of range (${from}) beyond end of range (${to}): ${part}`;
  return step === 0 ? `step of range should be a positive number: ${part}` : undefined;
}

function parseNumber(text: string, { names = [], from }: FieldRange): number | string {
  const named = names.indexOf(text.toLowerCase());
  if (named !== -1) return named + from;
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const go = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  return `failed to parse int from ${text}: ${go}`;
}
