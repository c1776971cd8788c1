import type { ParentReference } from "@kubehop/api";
import { AllocationError, isSameParent, RangeFull, type PortStore } from "./allocation-store.ts";
import { candidates, PORT_RULE, splitBands } from "./bands.ts";

/** A range of ports, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Gives out node ports: one number space for all protocols and Services. */
export interface NodePortAllocator {
  /** Takes a port a user chose. Throws AllocationError when it is taken or out of range. */
  allocate(port: number, parent: ParentReference): Promise<void>;
  /** Takes a free port. Throws RangeFull when there is none. */
  allocateNext(parent: ParentReference): Promise<number>;
  /** Throws AllocationError when the port is out of range. */
  checkRange(port: number): void;
  /** A port that is free now, not taken: what a dry run shows. */
  placeholder(): number;
  /** Gives a port back, if it is the parent's. */
  release(port: number, parent: ParentReference): Promise<void>;
}

/** What a node port allocator needs. */
export interface NodePortOptions {
  readonly store: PortStore;
  readonly range: PortRange;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
}

/** Parses `30000-32767`; undefined when the text is no range of ports. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const range = { first: Number(match[1]), last: Number(match[2]) };
  return range.first >= 1 && range.first <= range.last && range.last <= 65_535 ? range : undefined;
}

/**
 * Allocates node ports by creating their names in the registry. Ports that users choose may be any
 * of the range; others come from its upper band as long as that has some (KEP-3668).
 */
export function createNodePortAllocator(options: NodePortOptions): NodePortAllocator {
  const { store, range, random } = options;
  const { first, last } = range;
  const size = BigInt(last - first + 1);
  const bands = splitBands(BigInt(first), size, size, PORT_RULE);

  const checkRange = (port: number): void => {
    if (port >= first && port <= last) return;
    throw new AllocationError(
      `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
    );
  };

  return {
    checkRange,
    async allocate(port, parent) {
      checkRange(port);
      if (await store.create(String(port), parent)) return;
      throw new AllocationError("provided port is already allocated");
    },
    async allocateNext(parent) {
      for (const candidate of candidates(bands, random)) {
        const name = String(candidate);
        if (store.get(name) !== undefined) continue;
        if (await store.create(name, parent)) return Number(candidate);
      }
      throw new RangeFull();
    },
    placeholder() {
      for (const candidate of candidates(bands, random)) {
        if (store.get(String(candidate)) === undefined) return Number(candidate);
      }
      throw new RangeFull();
    },
    async release(port, parent) {
      const name = String(port);
      if (isSameParent(store.get(name), parent)) await store.delete(name);
    },
  };
}
