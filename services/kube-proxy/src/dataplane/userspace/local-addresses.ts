import type { AnyIp } from "../any-ip.ts";

/**
 * Addresses of Services outside the ranges of cluster IPs: external and load balancer's ones. They
 * are made this node's own for as long as something listens on them.
 */
export interface LocalAddresses {
  /** Makes an address bindable. */
  take(ip: string): Promise<void>;
  /** Gives it up again; the last one takes the route away. */
  release(ip: string): void;
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
    release(ip) {
      const count = (users.get(ip) ?? 0) - 1;
      if (count > 0) users.set(ip, count);
      else {
        users.delete(ip);
        void anyIp.release(ip);
      }
    },
  };
}

/** Binds on an address that is taken before and released with what was bound. */
export async function bindLocally(
  addresses: LocalAddresses,
  ip: string,
  bind: () => Promise<Disposable>,
): Promise<Disposable> {
  await addresses.take(ip);
  try {
    const bound = await bind();
    return {
      [Symbol.dispose]() {
        bound[Symbol.dispose]();
        addresses.release(ip);
      },
    };
  } catch (error) {
    addresses.release(ip);
    throw error;
  }
}
