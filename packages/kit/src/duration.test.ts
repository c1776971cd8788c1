import { describe, expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  it.each([
    ["40s", 40_000],
    ["1m30s", 90_000],
    ["250ms", 250],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["0", 0],
    ["-2s", -2_000],
    ["3us", 0.003],
  ])("reads %s", (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms, 6));

  it.each(["", "40", "s", "1d", "1 s", "1s2", "abc"])("refuses %j", (text) => {
    expect(() => parseDuration(text)).toThrow("is not a duration; write it as 30s");
  });
});
