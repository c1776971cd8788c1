import { Kinds, type ServiceCIDR, registryPrefix } from "@kubehop/api";
import { type Logger, type Random, ConfigError } from "@kubehop/kit";
import { type Cidr, parseCidr } from "@kubehop/kit/addresses";
import { createClusterIPAllocator } from "../allocators/cluster-ip.ts";
import {
  createNodePortAllocator,
  parsePortRange,
  type PortRange,
} from "../allocators/node-port.ts";
import { createServiceAllocation } from "../allocators/service-allocation.ts";
import type { WatchCache } from "../watch/cache.ts";
import type { Allocation } from "./allocation.ts";
import {
  type AllocationStoreDeps,
  createAddressStore,
  createPortStore,
} from "./allocation-stores.ts";

/** What Services may be given. */
export interface ServiceRanges {
  /** Ranges of the flag --service-cluster-ip-range, the default family first. */
  readonly addresses: readonly Cidr[];
  readonly ports: PortRange;
}

/** Reads the two flags; throws ConfigError naming the one that can't be used. */
export function parseServiceRanges(flags: {
  readonly serviceClusterIpRange: string;
  readonly serviceNodePortRange: string;
}): ServiceRanges {
  const addresses = flags.serviceClusterIpRange.split(",").map((text) => {
    const cidr = parseCidr(text.trim());
    if (cidr === undefined) {
      throw new ConfigError(
        `--service-cluster-ip-range: "${text}" is no range; write it as 10.96.0.0/16.`,
      );
    }
    return cidr;
  });
  const ports = parsePortRange(flags.serviceNodePortRange);
  if (ports === undefined) {
    throw new ConfigError(
      `--service-node-port-range: "${flags.serviceNodePortRange}" is no range of ports; ` +
        "write it as 30000-32767.",
    );
  }
  if (new Set(addresses.map(({ family }) => family)).size === addresses.length) {
    return { addresses, ports };
  }
  throw new ConfigError("--service-cluster-ip-range: at most one range of each IP family.");
}

/** Creates the allocation of cluster IPs and node ports over the registry. */
export function createServiceAllocations(
  deps: AllocationStoreDeps & { readonly logger: Logger; readonly random: Random },
  ranges: ServiceRanges,
): Allocation {
  const { cache, logger, random } = deps;
  const clusterIPs = createClusterIPAllocator({
    store: createAddressStore(deps),
    ranges: () => currentRanges(cache, ranges),
    random,
  });
  const { ports: range } = ranges;
  const nodePorts = createNodePortAllocator({ store: createPortStore(deps), range, random });
  return createServiceAllocation({
    clusterIPs,
    nodePorts,
    onLeak: (what, err) => logger.warn({ err, what }, "allocation not released, will be repaired"),
  });
}

/** The ranges of the flag, then those of further ServiceCIDR objects. */
export function currentRanges(cache: WatchCache, { addresses }: ServiceRanges): readonly Cidr[] {
  const prefix = registryPrefix(Kinds.ServiceCIDR).slice(0, -1);
  const known = new Set(addresses.map(({ text }) => text));
  const further = cache.list(prefix).entries.flatMap(({ object }) => {
    if (object.metadata.deletionTimestamp !== undefined) return [];
    return (object as unknown as ServiceCIDR).spec.cidrs ?? [];
  });
  const parsed = further
    .filter((text) => !known.has(text))
    .map(parseCidr)
    .filter((cidr) => cidr !== undefined);
  return [...addresses, ...parsed];
}
