import type { IPFamily, ParentReference } from "@kubehop/api";
import { familyOf, formatAddress, parseAddress, type Cidr } from "@kubehop/kit/addresses";
import { AllocationError, isSameParent, RangeFull, type AddressStore } from "./allocation-store.ts";
import { ADDRESS_RULE, candidates, splitBands, type Bands } from "./bands.ts";

/** Gives out cluster IPs. */
export interface ClusterIPAllocator {
  /** Takes an address a user chose. Throws AllocationError when it is taken or in no range. */
  allocate(ip: string, parent: ParentReference): Promise<void>;
  /** Takes a free address of a family. Throws RangeFull when there is none. */
  allocateNext(family: IPFamily, parent: ParentReference): Promise<string>;
  /** Whether a user could choose this address: throws AllocationError when it is in no range. */
  checkRange(ip: string): void;
  /** An address of the family that is never given out: what a dry run shows. */
  placeholder(family: IPFamily): string;
  /** Gives an address back, if it is the parent's. */
  release(ip: string, parent: ParentReference): Promise<void>;
}

/** What happened in an allocator, for metrics. */
export interface AllocationOutcome {
  readonly cidr: string;
  /** `static`: the user chose the address. */
  readonly scope: "static" | "dynamic";
  readonly allocated: boolean;
}

/** What a ClusterIP allocator needs. */
export interface ClusterIPOptions {
  readonly store: AddressStore;
  /** The ranges of all ready ServiceCIDRs, the default one first. */
  readonly ranges: () => readonly Cidr[];
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  readonly onAllocation?: (outcome: AllocationOutcome) => void;
}

/**
 * Allocates cluster IPs by creating IPAddress objects (KEP-1880). Addresses that users choose may
 * lie anywhere in a range; others come from its upper band, from a random start, and from the
 * lower band only when the upper one is full (KEP-3070).
 */
export function createClusterIPAllocator(options: ClusterIPOptions): ClusterIPAllocator {
  const { store, ranges, random, onAllocation } = options;

  const rangeOf = (ip: string): Cidr => {
    const own = ranges().filter(({ family }) => family === familyOf(ip));
    const range = own.find((one) => one.contains(ip));
    if (range !== undefined && isUsable(range, ip)) return range;
    const [first] = own;
    if (first === undefined) {
      throw new AllocationError("the provided network does not match the current range");
    }
    const valid = (range ?? first).text;
    throw new AllocationError(
      `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${valid}`,
    );
  };

  const take = async (range: Cidr, parent: ParentReference): Promise<string | undefined> => {
    for (const value of candidates(usableBands(range), random)) {
      const ip = formatAddress({ family: range.family, value });
      if (store.get(ip) !== undefined) continue;
      if (await store.create(ip, { spec: { parentRef: parent } })) return ip;
    }
    return undefined;
  };

  return {
    checkRange: (ip) => void rangeOf(ip),
    async allocate(ip, parent) {
      const range = rangeOf(ip);
      const allocated = await store.create(canonical(ip), { spec: { parentRef: parent } });
      onAllocation?.({ cidr: range.text, scope: "static", allocated });
      if (!allocated) throw new AllocationError("provided IP is already allocated");
    },
    async allocateNext(family, parent) {
      for (const range of ranges().filter((one) => one.family === family)) {
        const ip = await take(range, parent);
        const allocated = ip !== undefined;
        onAllocation?.({ cidr: range.text, scope: "dynamic", allocated });
        if (allocated) return ip;
      }
      throw new RangeFull();
    },
    placeholder(family) {
      const range = ranges().find((one) => one.family === family);
      if (range === undefined) throw new RangeFull();
      return formatAddress({ family, value: range.base });
    },
    async release(ip, parent) {
      const name = canonical(ip);
      if (isSameParent(store.get(name)?.spec.parentRef, parent)) await store.delete(name);
    },
  };
}

/** The bands of the addresses of a range that can be given out. */
export function usableBands({ base, size, family }: Cidr): Bands {
  // Neither the network's own address nor, for IPv4, the broadcast address.
  const reserved = family === "IPv4" ? 2n : 1n;
  const count = size > reserved ? size - reserved : 0n;
  return splitBands(base + 1n, count, size, ADDRESS_RULE);
}

function isUsable(range: Cidr, ip: string): boolean {
  const { lower, upper } = usableBands(range);
  const value = parseAddress(ip)?.value;
  return value !== undefined && value >= lower.start && value < upper.end;
}

function canonical(ip: string): string {
  const address = parseAddress(ip);
  return address === undefined ? ip : formatAddress(address);
}
