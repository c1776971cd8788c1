import type { Kind } from "@kubehop/api";
import type { Clock, Random } from "@kubehop/kit";
import type { KindTable } from "../custom-resources/kind-table.ts";
import type { Strategy } from "../registry/strategy.ts";
import type { WatchCache } from "../watch/cache.ts";
import type { Allocation } from "./allocation.ts";
import type { ObjectStore } from "./object-store.ts";

/** What reading and writing objects needs. */
export interface Resources {
  readonly cache: WatchCache;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  /** The kinds served now. */
  readonly kinds: KindTable;
  strategyOf(kind: Kind): Strategy;
  /** Undefined for kinds that need nothing unique. */
  allocationOf(kind: Kind): Allocation | undefined;
}
