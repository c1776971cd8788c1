import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WEIGHT_ANNOTATION, WEIGHTS_ANNOTATION } from "./constants.ts";
import { formatWeights, parseWeight, parseWeights } from "./weights.ts";

const pod = (text?: string) => ({
  metadata: text === undefined ? {} : { annotations: { [WEIGHT_ANNOTATION]: text } },
});
const slice = (text: string) => ({ metadata: { annotations: { [WEIGHTS_ANNOTATION]: text } } });

test.each<[string | undefined, number]>([
  [undefined, 1],
  ["0", 0],
  ["1", 1],
  ["3", 3],
  ["1000000", 1_000_000],
  ["1000001", 1],
  ["", 1],
  ["-1", 1],
  ["1.5", 1],
  ["1e3", 1],
  ["many", 1],
])("pod annotation %j weighs %d", (text, weight) => expect(parseWeight(pod(text))).toBe(weight));

describe("parseWeights", () => {
  test("no annotation, no weights", () => {
    expect(parseWeights({ metadata: {} }).size).toBe(0);
  });

  test.each([
    "",
    "x",
    "null",
    "3",
    "[1]",
    '{"a":',
    '{"10.0.0.1":"3"}',
    '{"10.0.0.1":-1}',
    '{"10.0.0.1":1.5}',
  ])("%j counts as no annotation", (text) => expect(parseWeights(slice(text)).size).toBe(0));

  test("a bad entry does not spoil the others", () => {
    const weights = parseWeights(slice('{"10.0.0.1":3,"10.0.0.2":"x","10.0.0.3":0}'));
    expect([...weights]).toEqual([
      ["10.0.0.1", 3],
      ["10.0.0.3", 0],
    ]);
  });

  test("reads what formatWeights wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.ipV4(), fc.nat({ max: 10 }))), (entries) => {
        const weights = new Map(entries);
        const text = formatWeights(weights);
        const read = text === undefined ? new Map() : parseWeights(slice(text));
        for (const [ip, weight] of weights) expect(read.get(ip) ?? 1).toBe(weight);
      }),
    );
  });
});

test("formatWeights writes only weights that are not 1, in order", () => {
  expect(formatWeights(new Map([["10.0.0.1", 1]]))).toBeUndefined();
  const weights = new Map([
    ["b", 3],
    ["a", 0],
    ["c", 1],
  ]);
  expect(formatWeights(weights)).toBe('{"a":0,"b":3}');
});
