import {
  IP_ALLOCATOR,
  IP_FAMILY_LABEL,
  IP_MANAGED_BY_LABEL,
  type IPAddress,
  Kinds,
  type KubeObject,
  type ParentReference,
  parseRegistryKey,
  registryKey,
  registryPrefix,
} from "@kubehop/api";
import type { Clock } from "@kubehop/kit";
import { randomUUID } from "node:crypto";
import { isIPv6 } from "node:net";
import type { AddressStore, AllocationStore, PortStore } from "../allocators/allocation-store.ts";
import { RevisionConflict } from "../storage/storage.ts";
import type { WatchCache } from "../watch/cache.ts";
import { timestamp } from "./metadata.ts";
import type { ObjectStore } from "./object-store.ts";

/** What the stores work on. */
export interface AllocationStoreDeps {
  readonly cache: WatchCache;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

/** Where node ports are kept: no kind of the API, so no path leads there. */
const NODE_PORTS: { readonly group: string; readonly plural: string } = {
  group: "allocation",
  plural: "nodeports",
};

/** How often a deletion that meets another write is tried. */
const DELETE_ATTEMPTS = 5;

/** Cluster IPs as IPAddress objects (KEP-1880). */
export function createAddressStore(deps: AllocationStoreDeps): AddressStore {
  return createAllocationStore(deps, {
    kind: Kinds.IPAddress,
    toObject: (name, { spec }) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "IPAddress",
      metadata: {
        ...newMetadata(name, deps.clock),
        labels: {
          [IP_FAMILY_LABEL]: isIPv6(name) ? "IPv6" : "IPv4",
          [IP_MANAGED_BY_LABEL]: IP_ALLOCATOR,
        },
      },
      spec,
    }),
    fromObject: (object) => object as unknown as IPAddress,
  });
}

/** Node ports as entries of the registry that only API servers read. */
export function createPortStore(deps: AllocationStoreDeps): PortStore {
  return createAllocationStore(deps, {
    kind: NODE_PORTS,
    toObject: (name, parentRef) => ({
      apiVersion: "kubehop.dev/v1alpha1",
      kind: "NodePortAllocation",
      metadata: newMetadata(name, deps.clock),
      spec: { parentRef },
    }),
    fromObject: (object) => (object["spec"] as { parentRef: ParentReference }).parentRef,
  });
}

interface Codec<T> {
  readonly kind: { readonly group: string; readonly plural: string };
  toObject(name: string, value: T): KubeObject;
  fromObject(object: KubeObject): T;
}

function createAllocationStore<T>(
  { cache, store }: AllocationStoreDeps,
  codec: Codec<T>,
): AllocationStore<T> {
  const prefix = registryPrefix(codec.kind).slice(0, -1);
  const keyOf = (name: string): string => registryKey(codec.kind, { name });
  const versionOf = (name: string): string | undefined =>
    cache.get(keyOf(name))?.object.metadata.uid;
  return {
    async create(name, value) {
      try {
        await store.create(keyOf(name), codec.toObject(name, value));
        return true;
      } catch (error) {
        if (error instanceof RevisionConflict) return false;
        throw error;
      }
    },
    async delete(name, version = versionOf(name)) {
      for (let left = DELETE_ATTEMPTS; ; left -= 1) {
        const entry = cache.get(keyOf(name));
        if (entry === undefined || entry.object.metadata.uid !== version) return;
        try {
          await store.delete(entry, entry.object);
          return;
        } catch (error) {
          if (!(error instanceof RevisionConflict) || left <= 1) throw error;
          await store.refresh(entry.key);
        }
      }
    },
    version: versionOf,
    get(name) {
      const entry = cache.get(keyOf(name));
      return entry && codec.fromObject(entry.object);
    },
    *names() {
      for (const { key } of cache.list(prefix).entries) {
        const name = parseRegistryKey(key)?.name;
        if (name !== undefined) yield name;
      }
    },
  };
}

function newMetadata(name: string, clock: Clock): KubeObject["metadata"] {
  return { name, uid: randomUUID(), creationTimestamp: timestamp(clock.now()) };
}
