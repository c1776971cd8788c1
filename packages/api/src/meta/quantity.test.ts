import { expect, test } from "vitest";
import { isQuantity, parseQuantity } from "./quantity.ts";

test.each<[string, number]>([
  ["0", 0],
  ["1", 1],
  ["-1", -1],
  ["+5", 5],
  ["100m", 0.1],
  ["1.5", 1.5],
  [".5", 0.5],
  ["5.", 5],
  ["64Ki", 65_536],
  ["64Mi", 67_108_864],
  ["1Gi", 2 ** 30],
  ["1Ti", 2 ** 40],
  ["1k", 1000],
  ["2M", 2_000_000],
  ["3G", 3e9],
  ["1E", 1e18],
  ["1e3", 1000],
  ["1E-3", 0.001],
  ["250u", 0.00025],
  ["1n", 1e-9],
])("%s is %d", (text, amount) => {
  expect(isQuantity(text)).toBe(true);
  expect(parseQuantity(text)).toBeCloseTo(amount, 12);
});

test.each(["", "m", "1 Gi", "1gi", "1KiB", "1.2.3", "--1", "1e", "abc", "1e1234", "Mi"])(
  "%j is no quantity",
  (text) => {
    expect(isQuantity(text)).toBe(false);
    expect(parseQuantity(text)).toBeUndefined();
  },
);
