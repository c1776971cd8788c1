import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["250ms", 250],
  ["5s", 5_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
])("%s is %d ms", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(["", "5", "s", "-1s", "1d", "1s ", "5 s"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
