import type { AnyIp } from "../any-ip.ts";

/**
 * Addresses of Services outside the ranges of cluster IPs: external and load balancer's ones. They
 * are made this node's own for as long as a frontend has them.
 */
export interface LocalAddresses {
  /** Makes an address bindable. */
  take(ip: string): Promise<void>;
  /** Gives it up again; the last one takes the route away. */
  release(ip: string): Promise<void>;
}

/** Creates a count of who needs which address. */
export function createLocalAddresses(anyIp: AnyIp): LocalAddresses {
  const users = new Map<string, number>();
  return {
    async take(ip) {
      const count = users.get(ip) ?? 0;
      users.set(ip, count + 1);
      if (count === 0) await anyIp.take(ip);
    },
    async release(ip) {
      const count = (users.get(ip) ?? 0) - 1;
      if (count > 0) users.set(ip, count);
      else {
        users.delete(ip);
        await anyIp.release(ip);
      }
    },
  };
}
