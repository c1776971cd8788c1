import type { Service } from "@kubehop/api";
import type { Reservation } from "./allocation-store.ts";
import { createLedger, difference, holdingsOf, type LedgerOptions } from "./ledger.ts";
import { reserveAddresses } from "./service-addresses.ts";
import { reserveNodePorts } from "./service-ports.ts";

/** Gives Services their cluster IPs and node ports. */
export interface ServiceAllocation {
  /**
   * Takes what the Service asks for and what it needs beyond, and writes it into the Service;
   * `old` is the stored Service of an update. With dryRun nothing is taken.
   * @throws StatusError 422 when something asked for cannot be had, 500 when a range is full. What
   * had been taken until then is given back.
   */
  reserve(
    service: Service,
    old: Service | undefined,
    options: { readonly dryRun: boolean },
  ): Promise<Reservation>;
  /** The Service was deleted: gives back all it had. Never rejects; the repair loop mends. */
  release(service: Service): Promise<void>;
}

/** Creates the allocation of Services over the two allocators. */
export function createServiceAllocation(options: LedgerOptions): ServiceAllocation {
  return {
    async reserve(service, old, { dryRun }) {
      const ledger = createLedger(options, service);
      const write = { service, held: holdingsOf(old), ledger, dryRun };
      try {
        await reserveAddresses(write, options.clusterIPs);
        await reserveNodePorts(write, options.nodePorts);
      } catch (error) {
        await ledger.rollback();
        throw error;
      }
      if (dryRun) return { commit: () => Promise.resolve(), rollback: () => Promise.resolve() };
      const surplus = difference(write.held, holdingsOf(service));
      return { commit: () => ledger.release(surplus), rollback: () => ledger.rollback() };
    },
    release: (service) => createLedger(options, service).release(holdingsOf(service)),
  };
}
