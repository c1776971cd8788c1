import { describe, expect, it } from "vitest";
import { createFallthrough, isInZone, matchZone, parentName } from "./zones.ts";

describe("zones", () => {
  it.each([
    ["a.cluster.local.", "cluster.local.", true],
    ["cluster.local.", "cluster.local.", true],
    ["acluster.local.", "cluster.local.", false],
    ["a\\.cluster.local.", "cluster.local.", false],
    ["a\\\\.cluster.local.", "cluster.local.", true],
    ["local.", "cluster.local.", false],
    ["anything.", ".", true],
  ])("%s is in %s: %s", (name, zone, expected) => {
    expect(isInZone(name, zone)).toBe(expected);
  });

  it("match by the longest", () => {
    expect(matchZone([".", "org.", "a.org."], "b.a.org.")).toBe("a.org.");
    expect(matchZone(["org."], "com.")).toBeUndefined();
  });

  it.each([
    ["a.b.", "b."],
    ["b.", "."],
    [".", undefined],
    ["a\\.b.c.", "c."],
  ])("the parent of %s is %s", (name, parent) => {
    expect(parentName(name)).toBe(parent);
  });

  it("fall through for none, all or the listed zones", () => {
    const through = (zones: string[] | undefined) => createFallthrough(zones).through("a.org.");
    expect([undefined, [], ["org."], ["com."]].map(through)).toEqual([false, true, true, false]);
  });
});
