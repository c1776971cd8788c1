import type { HopObserver } from "../hop-observer.ts";
import type { ServerTable } from "../server-table.ts";
import type { Packet } from "./responder.ts";
import { createWireCache, type WireCache } from "./wire-cache.ts";
import { readWireKey, type WireKey } from "./wire-key.ts";

/** Where the answer to a query is kept. */
export interface WireSlot {
  readonly cache: WireCache;
  readonly key: WireKey;
}

/** The cache of the server blocks in force: a reload begins with an empty one. */
export interface WireCaches {
  /** Undefined for a query that the plugins have to see. */
  open(packet: Packet): WireSlot | undefined;
}

/** Creates the caches of one listener. */
export function createWireCaches({
  table,
  hops,
}: {
  readonly table: () => ServerTable;
  readonly hops: HopObserver;
}): WireCaches {
  let served: ServerTable | undefined;
  let cache = createWireCache();
  return {
    open(packet) {
      const now = table();
      // Which block answers depends on the client (`view`), and tracers want to see each answer made.
      if (now.filtered || hops.active()) return undefined;
      if (now !== served) {
        served = now;
        cache = createWireCache();
      }
      const key = readWireKey(packet);
      return key === undefined ? undefined : { cache, key };
    },
  };
}
