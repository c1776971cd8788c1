import fc from "fast-check";
import { expect, it } from "vitest";
import { duplicateFields } from "./duplicate-fields.ts";

it.each([
  ["{}", []],
  ['{"a":1,"b":{"a":1}}', []],
  ['{"a":1,"a":2}', ["a"]],
  ['{"a":1,"a":2,"a":3}', ["a"]],
  ['{"spec":{"x":1,"y":[{"x":1}],"x":2}}', ["spec.x"]],
  ['{"spec":{"ports":[{"port":1},{"port":1,"name":"a","port":2}]}}', ["spec.ports[1].port"]],
  ['{"m":[[1,{"a":[],"a":{}}]]}', ["m[0][1].a"]],
  ['{"a":"\\"a\\":1,{","b":"]","a":""}', ["a"]],
  [String.raw`{"a":1,"\u0061":2}`, ["a"]],
  ['{"a\\\\":1,"a":2}', []],
  ['[{"a":1},{"a":1}]', []],
  ['"a"', []],
])("%s", (json, duplicates) => {
  expect(duplicateFields(json)).toEqual(duplicates);
});

it("finds nothing in what has no duplicates", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(duplicateFields(JSON.stringify(JSON.parse(json)))).toEqual([]);
    }),
  );
});
