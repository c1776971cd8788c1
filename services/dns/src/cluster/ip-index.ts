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

/** Creates an empty index. Most addresses have one value, which then stands there without a list. */
export function createIpIndex<T>(): IpIndex<T> {
  const byIp = new Map<string, Owned<T> | readonly Owned<T>[]>();
  const ipsOf = new Map<string, readonly string[]>();
  const at = (ip: string): readonly Owned<T>[] => {
    const found = byIp.get(ip);
    if (found === undefined) return NONE;
    return "owner" in found ? [found] : found;
  };
  const put = (ip: string, values: readonly Owned<T>[]): void => {
    const [first] = values;
    if (first === undefined) byIp.delete(ip);
    else byIp.set(ip, values.length === 1 ? first : values);
  };
  return {
    get: (ip) => at(canonicalIp(ip)).map(({ value }) => value),
    set(owner, values) {
      for (const ip of ipsOf.get(owner) ?? NONE) {
        put(
          ip,
          at(ip).filter((item) => item.owner !== owner),
        );
      }
      ipsOf.delete(owner);
      if (values.length === 0) return;
      const canonical = values.map(([ip, value]) => [canonicalIp(ip), value] as const);
      for (const [ip, value] of canonical) put(ip, [...at(ip), { owner, value }]);
      ipsOf.set(owner, [...new Set(canonical.map(([ip]) => ip))]);
    },
  };
}
