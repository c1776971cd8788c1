import { internalError, type ObjectMeta, type ParentReference, type Service } from "@kubehop/api";
import { isExternalName } from "../registry/service-traits.ts";
import { RangeFull } from "./allocation-store.ts";
import type { ClusterIPAllocator } from "./cluster-ip.ts";
import type { NodePortAllocator } from "./node-port.ts";

/** What a Service has: addresses and ports. */
export interface Holdings {
  readonly ips: readonly string[];
  readonly ports: readonly number[];
}

/** What the allocators gave for one write. */
export interface Ledger {
  readonly parent: ParentReference;
  /** Addresses taken so far; whoever takes one adds it. */
  readonly ips: string[];
  readonly ports: number[];
  /** Gives back all that was taken. Never rejects. */
  rollback(): Promise<void>;
  /** Gives back something else of the same Service. Never rejects. */
  release(holdings: Holdings): Promise<void>;
}

/** A write of a Service. */
export interface ServiceWrite {
  /** Gets what is reserved. */
  readonly service: Service;
  /** What the stored Service has already. */
  readonly held: Holdings;
  readonly ledger: Ledger;
  readonly dryRun: boolean;
}

/** What a ledger needs. */
export interface LedgerOptions {
  readonly clusterIPs: ClusterIPAllocator;
  readonly nodePorts: NodePortAllocator;
  /** Something could not be given back; the repair loop will do it. */
  readonly onLeak: (what: string, error: unknown) => void;
}

/** Opens the ledger of one write of a Service. */
export function createLedger(options: LedgerOptions, { metadata }: Service): Ledger {
  const { clusterIPs, nodePorts, onLeak } = options;
  const parent = parentOf(metadata);
  const ips: string[] = [];
  const ports: number[] = [];
  const release = async (holdings: Holdings): Promise<void> => {
    const releases = [
      ...holdings.ips.map((ip) => [ip, clusterIPs.release(ip, parent)] as const),
      ...holdings.ports.map((port) => [`${port}`, nodePorts.release(port, parent)] as const),
    ];
    await Promise.all(
      releases.map(([what, done]) => done.catch((error: unknown) => onLeak(what, error))),
    );
  };
  return { parent, ips, ports, release, rollback: () => release({ ips, ports }) };
}

/** What a Service has, by its spec. */
export function holdingsOf(service: Service | undefined): Holdings {
  if (service === undefined) return { ips: [], ports: [] };
  const { clusterIPs = [], ports = [], healthCheckNodePort } = service.spec;
  const ips = isExternalName(service) ? [] : clusterIPs.filter((ip) => ip !== "None");
  const numbers = [...ports.map((port) => port.nodePort), healthCheckNodePort];
  const set = new Set(numbers.filter((port) => port !== undefined && port !== 0));
  return { ips, ports: [...set] as number[] };
}

/** What is in `a` but not in `b`. */
export function difference(a: Holdings, b: Holdings): Holdings {
  return {
    ips: a.ips.filter((ip) => !b.ips.includes(ip)),
    ports: a.ports.filter((port) => !b.ports.includes(port)),
  };
}

/** A reference to a Service, as allocations hold it. */
export function parentOf({ namespace = "", name }: ObjectMeta): ParentReference {
  return { group: "", resource: "services", namespace, name };
}

/** 500 when a range is full; any other error as it is. */
export function exhausted(error: unknown, what: string): unknown {
  if (!(error instanceof RangeFull)) return error;
  return internalError(`Internal error occurred: ${what}: ${error.message}`, { cause: error });
}
