import { type KubeObject, reasonOf } from "@kubehop/api";
import type { Reservation } from "../allocators/allocation-store.ts";

/** Gives objects of one kind what must be unique in the whole cluster. */
export interface Allocation<T extends KubeObject = KubeObject> {
  /**
   * Takes what the object asks for or needs and writes it into the object; `old` is the stored
   * object of an update. With dryRun nothing is taken. Throws 422 when something is not free.
   */
  reserve(
    object: T,
    old: T | undefined,
    options: { readonly dryRun: boolean },
  ): Promise<Reservation>;
  /** The object was deleted: gives back what it had. Never rejects; a repair loop mends. */
  release(object: T): Promise<void>;
}

/** Runs a write while what the object needs is reserved for it. */
export async function withReservation<T>(
  allocation: Allocation | undefined,
  write: {
    readonly object: KubeObject;
    readonly old: KubeObject | undefined;
    readonly dryRun: boolean;
  },
  store: () => Promise<T>,
): Promise<T> {
  if (allocation === undefined) return store();
  const { object, old, dryRun } = write;
  const reservation = await allocation.reserve(object, old, { dryRun });
  try {
    const result = await store();
    await reservation.commit();
    return result;
  } catch (error) {
    // After a time-out the object may be stored: then what it uses must stay taken, and if it is
    // not, the repair loop gives it back.
    if (reasonOf(error) !== "Timeout") await reservation.rollback();
    throw error;
  }
}
