import { describe, expect, test } from "vitest";
import { nextCronTime, parseCronSchedule } from "./cron-schedule.ts";

function next(schedule: string, after: string, timeZone?: string): string | undefined {
  const parsed = parseCronSchedule(schedule);
  if ("wrong" in parsed) throw new Error(parsed.wrong);
  const time = nextCronTime(parsed, Date.parse(after), timeZone);
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
}

describe("parseCronSchedule", () => {
  test.each([
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["@sometimes", "unrecognized descriptor: @sometimes"],
  ])("%s", (text, wrong) => {
    expect(parseCronSchedule(text)).toEqual({ wrong });
  });
});

describe("nextCronTime", () => {
  test.each([
    ["* * * * *", "2026-03-01T10:00:30Z", "2026-03-01T10:01"],
    ["* * * * *", "2026-03-01T10:00:00Z", "2026-03-01T10:01"],
    ["*/15 * * * *", "2026-03-01T10:16:00Z", "2026-03-01T10:30"],
    ["5/20 * * * *", "2026-03-01T10:26:00Z", "2026-03-01T10:45"],
    ["30 4 * * *", "2026-03-01T10:00:00Z", "2026-03-02T04:30"],
    ["@monthly", "2026-03-01T10:00:00Z", "2026-04-01T00:00"],
    ["0 12 * jan,mar mon-fri", "2026-03-06T12:00:00Z", "2026-03-09T12:00"],
    ["0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00"],
    ["0 0 31 2 *", "2026-03-01T00:00:00Z", undefined],
  ])("%s after %s", (schedule, after, expected) => {
    expect(next(schedule, after)).toBe(expected);
  });

  test("either of two restricted days is enough", () => {
    expect(next("0 0 13 * fri", "2026-03-01T00:00:00Z")).toBe("2026-03-06T00:00");
    expect(next("0 0 3 * fri", "2026-03-01T00:00:00Z")).toBe("2026-03-03T00:00");
  });

  test("the hour is that of the time zone", () => {
    expect(next("0 9 * * *", "2026-01-01T00:00:00Z", "Asia/Tokyo")).toBe("2026-01-02T00:00");
    expect(next("0 9 * * *", "2026-07-01T00:00:00Z", "Europe/Berlin")).toBe("2026-07-01T07:00");
  });
});
