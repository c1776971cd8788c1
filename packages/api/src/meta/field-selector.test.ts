import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldSelectorMatches, parseFieldSelector } from "./field-selector.ts";

describe("parseFieldSelector", () => {
  test.each<[string, [string, string, string][]]>([
    ["", []],
    ["metadata.name=x", [["metadata.name", "=", "x"]]],
    ["metadata.name==x", [["metadata.name", "=", "x"]]],
    ["spec.clusterIP!=None", [["spec.clusterIP", "!=", "None"]]],
    [
      "a=b,c!=d",
      [
        ["a", "=", "b"],
        ["c", "!=", "d"],
      ],
    ],
    [
      "a=b,,c=d,",
      [
        ["a", "=", "b"],
        ["c", "=", "d"],
      ],
    ],
    ["a=", [["a", "=", ""]]],
    [
      String.raw`a=b\,c,d=\=\\`,
      [
        ["a", "=", "b,c"],
        ["d", "=", String.raw`=\\`.slice(0, 2)],
      ],
    ],
    [
      "spec.nodeName=,status.phase!=Failed",
      [
        ["spec.nodeName", "=", ""],
        ["status.phase", "!=", "Failed"],
      ],
    ],
  ])("%j", (text, expected) => {
    const requirements = expected.map(([field, operator, value]) => ({ field, operator, value }));
    expect(parseFieldSelector(text)).toEqual(requirements);
  });

  test.each([
    ["a", "invalid selector: 'a'; can't understand 'a'"],
    ["x=y,abc", "invalid selector: 'x=y,abc'; can't understand 'abc'"],
    ["a=b=c", "invalid field selector: unescaped character in value: ="],
    [String.raw`a=b\c`, String.raw`invalid field selector: invalid escape sequence: \c`],
    ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
  ])("%j is 400", (text, message) => {
    expect(() => parseFieldSelector(text)).toThrow(
      expect.objectContaining({ code: 400, message }) as Error,
    );
  });

  test("any value comes through, escaped", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const escaped = value.replaceAll(/[\\,=]/g, String.raw`\$&`);
        expect(parseFieldSelector(`f=${escaped}`)).toEqual([{ field: "f", operator: "=", value }]);
      }),
    );
  });
});

test("all requirements must hold", () => {
  const fields: Record<string, string> = { "metadata.name": "a", "spec.type": "NodePort" };
  const matches = (text: string): boolean =>
    fieldSelectorMatches(parseFieldSelector(text), (field) => fields[field] ?? "");
  expect(matches("")).toBe(true);
  expect(matches("metadata.name=a")).toBe(true);
  expect(matches("metadata.name=a,spec.type!=ClusterIP")).toBe(true);
  expect(matches("metadata.name=a,spec.type=ClusterIP")).toBe(false);
  expect(matches("metadata.name!=a")).toBe(false);
});
