import type { IPAddress, ParentReference } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCidr, type Cidr } from "@kubehop/kit/addresses";
import { AllocationError, RangeFull } from "./allocation-store.ts";
import { createClusterIPAllocator, type AllocationOutcome } from "./cluster-ip.ts";
import { createMemoryStore } from "../testing/memory-allocations.ts";

const parent = (name: string): ParentReference => ({
  group: "",
  resource: "services",
  namespace: "default",
  name,
});
const web = parent("web");

function setUp(...cidrs: string[]) {
  const store = createMemoryStore<Pick<IPAddress, "spec">>();
  const ranges = cidrs.map((text) => parseCidr(text) as Cidr);
  const outcomes: AllocationOutcome[] = [];
  const allocator = createClusterIPAllocator({
    store,
    ranges: () => ranges,
    random: () => 0.25,
    onAllocation: (outcome) => outcomes.push(outcome),
  });
  return { store, allocator, outcomes, ranges };
}

describe("an address a user chose", () => {
  test.each(["10.96.0.1", "10.96.0.10", "10.96.0.17", "10.96.0.254"])("%s is given", async (ip) => {
    const { allocator, store, outcomes } = setUp("10.96.0.0/24");
    await allocator.allocate(ip, web);
    expect(store.entries.get(ip)).toEqual({ spec: { parentRef: web } });
    expect(outcomes).toEqual([{ cidr: "10.96.0.0/24", scope: "static", allocated: true }]);
  });

  test.each([
    [
      "10.97.0.1",
      "the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24",
    ],
    ["fd00::1", "the provided network does not match the current range"],
    [
      "10.96.0.0",
      "the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/24",
    ],
    [
      "10.96.0.255",
      "the provided IP (10.96.0.255) is not in the valid range. The range of valid IPs is 10.96.0.0/24",
    ],
  ])("%s is refused", async (ip, message) => {
    const { allocator, store } = setUp("10.96.0.0/24");
    await expect(allocator.allocate(ip, web)).rejects.toThrow(new AllocationError(message));
    expect(() => allocator.checkRange(ip)).toThrow(message);
    expect(store.entries.size).toBe(0);
  });

  test("that is taken is refused", async () => {
    const { allocator, outcomes } = setUp("10.96.0.0/24");
    await allocator.allocate("10.96.0.5", web);
    const second = allocator.allocate("10.96.0.5", parent("api"));
    await expect(second).rejects.toThrow("provided IP is already allocated");
    expect(outcomes.map(({ allocated }) => allocated)).toEqual([true, false]);
  });

  test("is named canonically", async () => {
    const { allocator, store } = setUp("fd00::/112");
    await allocator.allocate("FD00:0::0005", web);
    expect([...store.entries.keys()]).toEqual(["fd00::5"]);
  });
});

describe("any address", () => {
  test("comes from the upper band until that is full, then from the lower, then none", async () => {
    const { allocator } = setUp("10.96.0.0/27");
    const ips: string[] = [];
    for (let count = 0; count < 30; count += 1) ips.push(await allocator.allocateNext("IPv4", web));
    const last = ips.map((ip) => Number(ip.split(".")[3]));
    expect(last.slice(0, 14).every((byte) => byte >= 17 && byte <= 30)).toBe(true);
    expect(last.slice(14).every((byte) => byte >= 1 && byte <= 16)).toBe(true);
    expect(new Set(last).size).toBe(30);
    await expect(allocator.allocateNext("IPv4", web)).rejects.toThrow(new RangeFull());
  });

  test("comes from the next range when one is full", async () => {
    const { allocator } = setUp("10.96.0.0/30", "fd00::/112", "10.97.0.0/30");
    const ips = [
      await allocator.allocateNext("IPv4", web),
      await allocator.allocateNext("IPv4", web),
      await allocator.allocateNext("IPv4", web),
      await allocator.allocateNext("IPv6", web),
    ];
    expect(ips.slice(0, 2).toSorted()).toEqual(["10.96.0.1", "10.96.0.2"]);
    expect(ips[2]).toMatch(/^10\.97\.0\.[12]$/);
    expect(ips[3]).toMatch(/^fd00::/);
  });

  test("without a range of the family there is none", async () => {
    const { allocator } = setUp("10.96.0.0/24");
    await expect(allocator.allocateNext("IPv6", web)).rejects.toThrow("range is full");
    expect(() => allocator.placeholder("IPv6")).toThrow("range is full");
  });

  test("a dry run shows the network's own address", () => {
    expect(setUp("10.96.0.0/24").allocator.placeholder("IPv4")).toBe("10.96.0.0");
  });
});

test("an address is released only for its owner", async () => {
  const { allocator, store } = setUp("10.96.0.0/24");
  await allocator.allocate("10.96.0.5", web);
  await allocator.release("10.96.0.5", parent("api"));
  expect(store.entries.size).toBe(1);
  await allocator.release("10.96.0.5", web);
  expect(store.entries.size).toBe(0);
  await allocator.release("10.96.0.5", web);
});

type Step = { readonly kind: "next" | "take" | "free"; readonly byte: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("next" as const, "take" as const, "free" as const),
  byte: fc.integer({ min: 0, max: 33 }),
});
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const UPPER = Array.from({ length: 14 }, (_, index) => `10.96.0.${index + 17}`);

/** Two API servers that share one registry, and what they gave out so far. */
function createPair(random: () => number) {
  const store = createMemoryStore<Pick<IPAddress, "spec">>();
  const ranges = (): Cidr[] => [parseCidr("10.96.0.0/27") as Cidr];
  const one = createClusterIPAllocator({ store, ranges, random });
  const two = createClusterIPAllocator({ store, ranges, random });
  const held = new Map<string, ParentReference>();
  let count = 0;

  const give = async ({ kind, byte }: Step, owner: ParentReference): Promise<string> => {
    const server = count % 2 === 0 ? one : two;
    if (kind === "next") return server.allocateNext("IPv4", owner);
    const ip = `10.96.0.${byte}`;
    await server.allocate(ip, owner);
    return ip;
  };

  return {
    store,
    held,
    async free(ip: string): Promise<void> {
      const owner = held.get(ip);
      if (owner !== undefined) await one.release(ip, owner);
      held.delete(ip);
    },
    async allocate(step: Step): Promise<void> {
      count += 1;
      const owner = parent(`s${count}`);
      const upperIsFull = UPPER.every((ip) => held.has(ip));
      const ip = await give(step, owner).catch(() => undefined);
      if (ip === undefined) return;
      expect(held.has(ip)).toBe(false);
      expect(ip).toMatch(/^10\.96\.0\.([1-9]|[12]\d|30)$/);
      if (step.kind === "next") expect(UPPER.includes(ip)).toBe(!upperIsFull);
      held.set(ip, owner);
    },
  };
}

test("whatever is allocated and released, no address is ever given twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 80 }),
      fc.infiniteStream(draw),
      async (steps, draws) => {
        const pair = createPair(() => draws.next().value);
        for (const one of steps) {
          if (one.kind === "free") await pair.free(`10.96.0.${one.byte}`);
          else await pair.allocate(one);
        }
        const stored = [...pair.store.entries.keys()].toSorted();
        expect(stored).toEqual([...pair.held.keys()].toSorted());
      },
    ),
  );
});

test("of many allocations at once each gets its own address", async () => {
  const { allocator } = setUp("10.96.0.0/24");
  const all = Array.from({ length: 100 }, () => allocator.allocateNext("IPv4", web));
  expect(new Set(await Promise.all(all)).size).toBe(100);
});
