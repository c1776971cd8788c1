import type { IPAddress, ParentReference } from "@kubehop/api";

/**
 * Where allocations live: in the registry, so that several API servers share them. A name that
 * exists is taken; creating it is the one atomic step of every allocation.
 */
export interface AllocationStore<T> {
  /**
   * Stores an allocation; false when the name is taken. Other failures are thrown. When it
   * resolves, `get` knows the allocation.
   */
  create(name: string, value: T): Promise<boolean>;
  /**
   * Removes the allocation a name has now, or only the one of a `version`; without effect when
   * that is gone already, whoever has the name by then.
   */
  delete(name: string, version?: string): Promise<void>;
  /** Tells the allocation a name has from any other it had or will have; undefined for none. */
  version(name: string): string | undefined;
  /** The allocation of a name, as far as this API server has seen. */
  get(name: string): T | undefined;
  /** Names of all allocations this API server has seen. */
  names(): Iterable<string>;
}

/**
 * Allocated cluster IPs: IPAddress objects, whose name is the canonical address. The store adds
 * the labels IP_FAMILY_LABEL and IP_MANAGED_BY_LABEL (= IP_ALLOCATOR) and the usual metadata.
 */
export type AddressStore = AllocationStore<Pick<IPAddress, "spec">>;

/**
 * Allocated node ports; the name is the port's decimal number, the value whose port it is. The
 * store keeps them under the registry key `nodeports/allocation._.<port>`: like upstream's bitmap
 * they are no objects of the API.
 */
export type PortStore = AllocationStore<ParentReference>;

/** Something a write holds until it is stored. Neither function rejects. */
export interface Reservation {
  /** The write was stored: what the object no longer needs is released. */
  commit(): Promise<void>;
  /** The write failed: what was taken for it is released. */
  rollback(): Promise<void>;
}

/** A number or address cannot be had; the message is upstream's. */
export class AllocationError extends Error {
  override readonly name = "AllocationError";
}

/** Every number or address of the range is taken. */
export class RangeFull extends AllocationError {
  constructor() {
    super("range is full");
  }
}

/** Whether two references name the same object. */
export function isSameParent(a: ParentReference | undefined, b: ParentReference): boolean {
  return (
    a !== undefined &&
    (a.group ?? "") === (b.group ?? "") &&
    a.resource === b.resource &&
    (a.namespace ?? "") === (b.namespace ?? "") &&
    a.name === b.name
  );
}
