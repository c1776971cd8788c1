import { type KubeObject, parseRegistryKey, registryKey, registryPrefix } from "@kubehop/api";
import type { Clock } from "@kubehop/kit";
import { randomUUID } from "node:crypto";
import { timestamp } from "../resources/metadata.ts";
import type { ObjectStore } from "../resources/object-store.ts";
import type { Entry } from "../storage/entry.ts";
import { RevisionConflict } from "../storage/storage.ts";
import type { WatchCache } from "../watch/cache.ts";

/** Where an API server can be reached. */
export interface ServerAddress {
  readonly ip: string;
  readonly port: number;
}

/**
 * The API servers that live, told by a lease for each address (source: upstream's
 * pkg/controlplane/reconcilers/lease.go: refreshed every 10 s, lost after 15 s).
 */
export interface ServerLeases {
  /** Renews the own lease when it is time to. */
  renew(): Promise<void>;
  /** The servers that live, by address, the own one among them; leases that ended are removed. */
  live(): Promise<readonly ServerAddress[]>;
  /** The same without the own one. */
  others(): Promise<readonly ServerAddress[]>;
  /** Gives up the own lease. */
  release(): Promise<void>;
}

/** What the leases work on. */
export interface ServerLeaseDeps {
  readonly cache: WatchCache;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Whether the registry can be reached: while it can't, nobody renews and no lease ends. */
  readonly connected: () => boolean;
}

/** Entries of the registry that only API servers read: no kind of the API. */
const MASTER_LEASES = { group: "kubehop.dev", plural: "masterleases" };
const TTL_MS = 15_000;
const RENEW_MS = 10_000;

/**
 * Creates the leases as the server `own` sees them. Other servers' leases are timed by when this
 * one saw them change, so that clocks of machines don't have to agree.
 */
export function createServerLeases(deps: ServerLeaseDeps, own: ServerAddress): ServerLeases {
  const { cache, store, clock, connected } = deps;
  const prefix = registryPrefix(MASTER_LEASES).slice(0, -1);
  const ownKey = registryKey(MASTER_LEASES, { name: own.ip });
  const seen = new Map<string, { revision: number; since: number }>();
  let renewed = Number.NEGATIVE_INFINITY;

  const hasEnded = ({ key, revision }: Entry): boolean => {
    const now = clock.monotonic();
    const known = seen.get(key);
    if (known?.revision === revision && connected()) return now - known.since >= TTL_MS;
    seen.set(key, { revision, since: now });
    return false;
  };

  const others = async (): Promise<ServerAddress[]> => {
    const servers: ServerAddress[] = [];
    for (const entry of cache.list(prefix).entries) {
      const server = entry.key === ownKey ? undefined : serverOf(entry);
      if (server === undefined) continue;
      if (!hasEnded(entry)) servers.push(server);
      else await lostRacesIgnored(store, entry.key, store.delete(entry, entry.object));
    }
    return servers;
  };

  return {
    async renew() {
      const entry = cache.get(ownKey);
      if (entry !== undefined && clock.monotonic() - renewed < RENEW_MS) return;
      const lease = leaseOf(own, clock.now());
      const write = entry === undefined ? store.create(ownKey, lease) : store.update(entry, lease);
      await lostRacesIgnored(store, ownKey, write);
      renewed = clock.monotonic();
    },
    async live() {
      // From the lease: servers that share an address must not publish different ports in turns.
      const entry = cache.get(ownKey);
      const self = entry === undefined ? own : (serverOf(entry) ?? own);
      return sorted([self, ...(await others())]);
    },
    others: async () => sorted(await others()),
    async release() {
      const entry = cache.get(ownKey);
      if (entry === undefined) return;
      await lostRacesIgnored(store, ownKey, store.delete(entry, entry.object));
    },
  };
}

function sorted(servers: readonly ServerAddress[]): ServerAddress[] {
  return servers.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
}

/** Whoever else wrote the lease was right, too; the cache must see it before the next look. */
async function lostRacesIgnored(
  store: ObjectStore,
  key: string,
  write: Promise<Entry>,
): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof RevisionConflict)) throw error;
    await store.refresh(key);
  }
}

function leaseOf({ ip, port }: ServerAddress, now: number): KubeObject {
  const metadata = { name: ip, uid: randomUUID(), creationTimestamp: timestamp(now) };
  return { apiVersion: "kubehop.dev/v1alpha1", kind: "MasterLease", metadata, spec: { port } };
}

function serverOf({ key, object }: Entry): ServerAddress | undefined {
  const ip = parseRegistryKey(key)?.name;
  const { port } = (object["spec"] ?? {}) as { readonly port?: number };
  return ip === undefined || port === undefined ? undefined : { ip, port };
}
