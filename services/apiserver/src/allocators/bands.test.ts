import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCidr } from "@kubehop/kit/addresses";
import { candidates, PORT_RULE, splitBands } from "./bands.ts";
import { usableBands } from "./cluster-ip.ts";

describe("size of the lower band", () => {
  // Figures of upstream's ipallocator: /28 has none, /24 16, /22 64, /20 and larger 256.
  test.each<[string, bigint, bigint]>([
    ["10.96.0.0/28", 0n, 14n],
    ["10.96.0.0/27", 16n, 14n],
    ["10.96.0.0/24", 16n, 238n],
    ["10.96.0.0/22", 64n, 958n],
    ["10.96.0.0/20", 256n, 3838n],
    ["10.96.0.0/12", 256n, 1_048_318n],
    ["fd00::/120", 16n, 239n],
    ["fd00::/64", 256n, (1n << 64n) - 257n],
    ["10.96.0.0/32", 0n, 0n],
  ])("%s keeps %d, gives %d", (text, lower, upper) => {
    const range = parseCidr(text);
    const bands = range && usableBands(range);
    expect(bands && bands.lower.end - bands.lower.start).toBe(lower);
    expect(bands && bands.upper.end - bands.upper.start).toBe(upper);
  });

  test("node ports 30000–32767 keep 86", () => {
    const { lower, upper } = splitBands(30_000n, 2768n, 2768n, PORT_RULE);
    expect(lower).toEqual({ start: 30_000n, end: 30_086n });
    expect(upper).toEqual({ start: 30_086n, end: 32_768n });
  });
});

test("candidates are all numbers once, those of the upper band first", () => {
  fc.assert(
    fc.property(
      fc.nat(50),
      fc.nat(50),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (low, high, draw) => {
        const border = 100n + BigInt(low);
        const end = border + BigInt(high);
        const bands = { lower: { start: 100n, end: border }, upper: { start: border, end } };
        const all = [...candidates(bands, () => draw)];
        expect(new Set(all).size).toBe(low + high);
        expect(all.slice(0, high).every((value) => value >= border && value < end)).toBe(true);
        expect(all.slice(high).every((value) => value >= 100n && value < border)).toBe(true);
      },
    ),
  );
});

test("the start is random", () => {
  const bands = { lower: { start: 0n, end: 0n }, upper: { start: 0n, end: 1000n } };
  const first = (draw: number): unknown => [...candidates(bands, () => draw)][0];
  expect(first(0)).toBe(0n);
  expect(first(0.5)).toBe(500n);
  expect(first(0.999_999)).toBe(999n);
});
