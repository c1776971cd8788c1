import { canonicalIp } from "./service-entry.ts";

/** Values by IP address, each put there by an owner that can replace all of its own. */
export interface IpIndex<T> {
  get(ip: string): readonly T[];
  /** Replaces everything this owner put in. */
  set(owner: string, values: readonly (readonly [ip: string, value: T])[]): void;
}

interface Owned<T> {
  readonly owner: string;
  readonly value: T;
}

const NONE: readonly never[] = [];

/** Creates an empty index. */
export function createIpIndex<T>(): IpIndex<T> {
  const byIp = new Map<string, readonly Owned<T>[]>();
  const ipsOf = new Map<string, readonly string[]>();
  const remove = (owner: string): void => {
    for (const ip of ipsOf.get(owner) ?? NONE) {
      const rest = (byIp.get(ip) ?? NONE).filter((item) => item.owner !== owner);
      if (rest.length === 0) byIp.delete(ip);
      else byIp.set(ip, rest);
    }
    ipsOf.delete(owner);
  };
  return {
    get: (ip) => byIp.get(canonicalIp(ip))?.map(({ value }) => value) ?? NONE,
    set(owner, values) {
      remove(owner);
      if (values.length === 0) return;
      const canonical = values.map(([ip, value]) => [canonicalIp(ip), value] as const);
      for (const [ip, value] of canonical) {
        byIp.set(ip, [...(byIp.get(ip) ?? NONE), { owner, value }]);
      }
      ipsOf.set(owner, [...new Set(canonical.map(([ip]) => ip))]);
    },
  };
}
