import { describe, expect, test } from "vitest";
import { percentile } from "../bench/percentile.ts";
import { formatRows } from "../bench/row.ts";
import { chiSquare, pValueWithTwoDegrees } from "../support/statistics.ts";

describe("chi-square", () => {
  test("is 0 when the counts are as expected", () => {
    expect(chiSquare([500, 1000, 1500], [1, 2, 3])).toBe(0);
  });

  test("equal thirds are no 1 : 2 : 3, a little noise is", () => {
    expect(pValueWithTwoDegrees(chiSquare([1000, 1000, 1000], [1, 2, 3]))).toBeLessThan(1e-9);
    expect(pValueWithTwoDegrees(chiSquare([520, 990, 1490], [1, 2, 3]))).toBeGreaterThan(0.05);
  });

  test("has the quantile of the table: 13.816 at p = 0.001 with two degrees of freedom", () => {
    expect(pValueWithTwoDegrees(13.816)).toBeCloseTo(0.001, 5);
  });
});

describe("percentile", () => {
  test.each([
    [50, 3],
    [99, 5],
    [100, 5],
    [0, 1],
  ])("p%d of 1..5 is %d", (percent, value) => {
    expect(percentile([5, 3, 1, 4, 2], percent)).toBe(value);
  });

  test("needs samples", () => {
    expect(() => percentile([], 50)).toThrow("no samples");
  });
});

test("rows of a benchmark stand in columns, with the ratio to the peer", () => {
  const rows = [
    { name: "requests", unit: "1/s", value: 12_345.6, peer: { name: "direct", value: 24_691.2 } },
    { name: "p50", unit: "ms", value: 0.12345 },
  ];
  expect(formatRows(rows)).toBe(
    [
      "measurement  unit  kubehop    peer          ratio",
      "requests     1/s    12,346  24,691  direct  0.50x",
      "p50          ms      0.123",
    ].join("\n"),
  );
});
