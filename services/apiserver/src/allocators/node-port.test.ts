import type { ParentReference } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { RangeFull } from "./allocation-store.ts";
import { createMemoryStore } from "../testing/memory-allocations.ts";
import { createNodePortAllocator, parsePortRange } from "./node-port.ts";

const web: ParentReference = { group: "", resource: "services", namespace: "a", name: "web" };
const range = { first: 30_000, last: 32_767 };

function setUp(portRange = range) {
  const store = createMemoryStore<ParentReference>();
  return {
    store,
    allocator: createNodePortAllocator({ store, range: portRange, random: () => 0 }),
  };
}

test.each([
  ["30000-32767", range],
  [" 1-65535 ", { first: 1, last: 65_535 }],
  ["80-80", { first: 80, last: 80 }],
  ["0-10", undefined],
  ["10-5", undefined],
  ["1-65536", undefined],
  ["30000", undefined],
  ["a-b", undefined],
])("range %j", (text, expected) => expect(parsePortRange(text)).toEqual(expected));

describe("a port a user chose", () => {
  test.each([30_000, 30_085, 32_767])("%d is given", async (port) => {
    const { allocator, store } = setUp();
    await allocator.allocate(port, web);
    expect(store.entries.get(String(port))).toEqual(web);
  });

  test.each([29_999, 32_768, 80])("%d is out of range", async (port) => {
    const { allocator } = setUp();
    const message =
      "provided port is not in the valid range. The range of valid ports is 30000-32767";
    await expect(allocator.allocate(port, web)).rejects.toThrow(message);
    expect(() => allocator.checkRange(port)).toThrow(message);
  });

  test("that is taken is refused, for any protocol", async () => {
    const { allocator } = setUp();
    await allocator.allocate(30_080, web);
    await expect(allocator.allocate(30_080, web)).rejects.toThrow(
      "provided port is already allocated",
    );
  });
});

test("any port comes from the upper band first, each once, until none is left", async () => {
  const { allocator } = setUp({ first: 30_000, last: 30_031 });
  const ports: number[] = [];
  for (let count = 0; count < 32; count += 1) ports.push(await allocator.allocateNext(web));
  expect(ports.slice(0, 16).every((port) => port >= 30_016)).toBe(true);
  expect(new Set(ports).size).toBe(32);
  await expect(allocator.allocateNext(web)).rejects.toThrow(new RangeFull());
  expect(() => allocator.placeholder()).toThrow("range is full");
});

test("a placeholder is free and stays free", () => {
  const { allocator, store } = setUp();
  expect(allocator.placeholder()).toBe(30_086);
  expect(store.entries.size).toBe(0);
});

test("a port is released only for its owner", async () => {
  const { allocator, store } = setUp();
  await allocator.allocate(30_080, web);
  await allocator.release(30_080, { ...web, namespace: "b" });
  expect(store.entries.size).toBe(1);
  await allocator.release(30_080, web);
  expect(store.entries.size).toBe(0);
});
