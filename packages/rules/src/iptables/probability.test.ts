import type { ServiceEndpoint } from "@kubehop/routing";
import { describe, expect, test } from "vitest";
import { chancesOf, formatProbability } from "./probability.ts";

describe("chancesOf", () => {
  test.each([
    [[1], [undefined]],
    [
      [1, 1, 1],
      ["0.3333333333", "0.5000000000", undefined],
    ],
    [
      [7, 7, 7, 7],
      ["0.2500000000", "0.3333333333", "0.5000000000", undefined],
    ],
    [
      [3, 1],
      ["0.7500000000", undefined],
    ],
    [
      [1, 2, 3],
      ["0.1666666667", "0.4000000000", undefined],
    ],
  ])("weights %j have %j", (weights, expected) => {
    const endpoints = weights.map((weight) => ({ weight }) as ServiceEndpoint);
    expect(chancesOf(endpoints).map(({ probability }) => probability)).toEqual(expected);
  });
});

test.each([
  [1, "1.0000000000"],
  [1 / 3, "0.3333333333"],
  [1 / 6, "0.1666666667"],
  [1 / 2_048, "0.0004882812"],
  [3 / 2_048, "0.0014648438"],
  [1 / 1_024, "0.0009765625"],
])("%d is %s, as Go's %%0.10f rounds it", (value, text) => {
  expect(formatProbability(value)).toBe(text);
});
