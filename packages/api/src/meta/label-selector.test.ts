import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLabelSelector } from "./label-selector-parser.ts";
import {
  EVERYTHING,
  formatLabelSelector,
  labelSelectorMatches,
  NOTHING,
  selectorFromLabelSelector,
  selectorFromMap,
  type LabelRequirement,
} from "./label-selector.ts";

describe("parse and match", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["", { x: "y" }, true],
    ["x=y", { x: "y" }, true],
    ["x==y", { x: "y" }, true],
    ["x = y , z= w", { x: "y", z: "w" }, true],
    ["x=y,z=w", { x: "y", z: "v" }, false],
    ["x!=y,z!=w", { x: "z", z: "a" }, true],
    ["x!=y", {}, true],
    ["x!=y", { x: "y" }, false],
    ["x=", { x: "" }, true],
    ["x=", {}, false],
    ["x", { x: "" }, true],
    ["x", {}, false],
    ["!x", {}, true],
    ["!x", { x: "z" }, false],
    ["! x , y", { y: "" }, true],
    ["x in (a,b)", { x: "b" }, true],
    ["x in (a,b)", {}, false],
    ["x in ( a , b )", { x: "a" }, true],
    ["x in (a,)", { x: "" }, true],
    ["x in (,)", { x: "" }, true],
    ["x notin (a,b)", { x: "c" }, true],
    ["x notin (a,b)", {}, true],
    ["x notin (a,b)", { x: "a" }, false],
    ["x>1", { x: "2" }, true],
    ["x>1", { x: "1" }, false],
    ["x<1", { x: "-5" }, true],
    ["x<1", { x: "many" }, false],
    ["x>1", {}, false],
    ["in=notin", { in: "notin" }, true],
    ["in in (in)", { in: "in" }, true],
    ["a.b/c-d=e_f.g", { "a.b/c-d": "e_f.g" }, true],
    ["constructor", {}, false],
    ["!constructor", {}, true],
  ])("%j on %j is %s", (text, labels, expected) => {
    expect(labelSelectorMatches(parseLabelSelector(text), labels)).toBe(expected);
  });

  test("labels may be absent", () => {
    expect(labelSelectorMatches(EVERYTHING, undefined)).toBe(true);
    expect(labelSelectorMatches(parseLabelSelector("a"), undefined)).toBe(false);
  });
});

test.each([
  ["x=a||y=b", 'values[0][x]: Invalid value: "a||y": a valid label must be'],
  ["x==a==b", "found '==', expected: ',' or 'end of string'"],
  ["!x=a", "found '=', expected: ',' or 'end of string'"],
  ["x=a,", "found '', expected: identifier after ','"],
  ["x,,y", "found ',', expected: identifier after ','"],
  ["=a", "found '=', expected: !, identifier, or 'end of string'"],
  ["!", "unable to parse requirement: found '', expected: identifier"],
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["a constructor b", "unable to parse requirement: found 'constructor', expected: in, notin"],
  ["a in", "unable to parse requirement: found '' expected: '('"],
  ["a in b", "unable to parse requirement: found 'b' expected: '('"],
  ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
  ["a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"],
  ["a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ["a in ()", "for 'in', 'notin' operators, values set can't be empty"],
  ["a=(", "unable to parse requirement: found '(', expected: identifier"],
  ["a>b", "values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an"],
  ["a%b=c", 'unable to parse requirement: <nil>: Invalid value: "a%b": name part must consist'],
  ["a=b%c", 'unable to parse requirement: values[0][a]: Invalid value: "b%c": a valid label must'],
])("%j fails with upstream's text", (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(message);
});

const key = fc.stringMatching(/^[a-z]([a-z0-9-]{0,5}[a-z0-9])?$/);
const value = fc.stringMatching(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,5}[A-Za-z0-9])?)?$/);
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom("In" as const, "NotIn" as const),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((all) => all.toSorted()),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
    values: fc.constant([]),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("GreaterThan" as const, "LessThan" as const),
    values: fc.nat().map((number) => [String(number)]),
  }),
);

describe("properties", () => {
  test("formatting and parsing again means the same", () => {
    fc.assert(
      fc.property(
        fc.array(requirement, { maxLength: 4 }),
        fc.dictionary(key, value),
        (selector, labels) => {
          const again = parseLabelSelector(formatLabelSelector(selector));
          expect(labelSelectorMatches(again, labels)).toBe(labelSelectorMatches(selector, labels));
        },
      ),
    );
  });

  test("a requirement and its opposite never both hold, and one always does", () => {
    const opposite = { In: "NotIn", Exists: "DoesNotExist" } as const;
    const pair = fc.constantFrom("In" as const, "Exists" as const);
    fc.assert(
      fc.property(pair, key, value, fc.dictionary(key, value), (operator, key, value, labels) => {
        const values = operator === "In" ? [value] : [];
        const one = labelSelectorMatches([{ key, operator, values }], labels);
        const other = [{ key, operator: opposite[operator], values }];
        expect(labelSelectorMatches(other, labels)).toBe(!one);
      }),
    );
  });

  test("any text parses or fails with 400", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("ab=!,()<> in")) }), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 400 });
        }
      }),
    );
  });
});

describe("selectorFromLabelSelector", () => {
  test("absent selects nothing, empty everything", () => {
    expect(selectorFromLabelSelector(undefined)).toBe(NOTHING);
    expect(labelSelectorMatches(NOTHING, { a: "b" })).toBe(false);
    expect(labelSelectorMatches(selectorFromLabelSelector({}), { a: "b" })).toBe(true);
  });

  test("labels and expressions must all hold", () => {
    const selector = selectorFromLabelSelector({
      matchLabels: { app: "x" },
      matchExpressions: [
        { key: "tier", operator: "In", values: ["a", "b"] },
        { key: "old", operator: "DoesNotExist" },
      ],
    });
    expect(labelSelectorMatches(selector, { app: "x", tier: "b" })).toBe(true);
    expect(labelSelectorMatches(selector, { app: "x", tier: "b", old: "" })).toBe(false);
    expect(labelSelectorMatches(selector, { tier: "b" })).toBe(false);
    expect(formatLabelSelector(selector)).toBe("app=x,!old,tier in (a,b)");
  });

  test("an unknown operator is 400", () => {
    const selector = { matchExpressions: [{ key: "a", operator: "Like" as "In" }] };
    expect(() => selectorFromLabelSelector(selector)).toThrow(
      '"Like" is not a valid label selector operator',
    );
  });
});

test("selectorFromMap wants every label", () => {
  const selector = selectorFromMap({ a: "1", b: "2" });
  expect(labelSelectorMatches(selector, { a: "1", b: "2", c: "3" })).toBe(true);
  expect(labelSelectorMatches(selector, { a: "1" })).toBe(false);
});
