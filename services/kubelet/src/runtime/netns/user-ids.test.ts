import { expect, it } from "vitest";
import { hasOneUserId } from "./user-ids.ts";

it.each([
  ["of whoever may make no other", "         0       1001          1\n", true],
  ["of the machine", "         0          0 4294967295\n", false],
  ["of two ranges", "0 1001 1\n1 100000 65536\n", false],
])("hasOneUserId knows the map %s", (_, map, expected) => {
  expect(hasOneUserId(map)).toBe(expected);
});
