import { describe, expect, it } from "vitest";
import { createEventBuffer } from "./event-buffer.ts";
import type { PublishedEntry } from "./registry-entry.ts";

function write(revision: number, bytes = 1): PublishedEntry {
  const value = new Uint8Array(bytes);
  return { entry: { key: "pods.a.b", revision, deleted: false, value }, previousRevision: 0 };
}

describe("an event buffer", () => {
  it("gives every write back once, by revision", () => {
    const buffer = createEventBuffer();
    for (const revision of [3, 1, 4, 2]) expect(buffer.add(write(revision))).toBe(true);
    expect(buffer.takeAll().map(({ entry }) => entry.revision)).toEqual([1, 2, 3, 4]);
    expect(buffer.takeAll()).toEqual([]);
  });

  it("drops what it has when there is no room for more, and begins anew", () => {
    const buffer = createEventBuffer(4_000);
    expect([1, 2, 3].map((revision) => buffer.add(write(revision, 1_000)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(buffer.add(write(4, 1_000))).toBe(true);
    expect(buffer.takeAll().map(({ entry }) => entry.revision)).toEqual([4]);
  });
});
