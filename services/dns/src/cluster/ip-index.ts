import { canonicalIp } from "./service-entry.ts";

/** Values by IP address. */
export interface IpIndex<T> {
  get(ip: string): readonly T[];
  /** Puts the value at each of the addresses; at none twice. */
  add(ips: readonly string[], value: T): void;
  /** Takes it away from them. */
  remove(ips: readonly string[], value: T): void;
}

const NONE: readonly never[] = [];

/** Creates an empty index. Most addresses have one value, which then stands there without a list. */
export function createIpIndex<T extends string | object>(): IpIndex<T> {
  const byIp = new Map<string, T | Several<T>>();
  const at = (ip: string): readonly T[] => {
    const found = byIp.get(ip);
    if (found === undefined) return NONE;
    return found instanceof Several ? found.values : [found];
  };
  const put = (ip: string, values: readonly T[]): void => {
    const [first] = values;
    if (first === undefined) byIp.delete(ip);
    else byIp.set(ip, values.length === 1 ? first : new Several(values));
  };
  return {
    get: (ip) => at(canonicalIp(ip)),
    add(ips, value) {
      for (const ip of ips.map(canonicalIp)) {
        const values = at(ip);
        if (!values.includes(value)) put(ip, [...values, value]);
      }
    },
    remove(ips, value) {
      for (const ip of ips.map(canonicalIp)) {
        put(
          ip,
          at(ip).filter((each) => each !== value),
        );
      }
    },
  };
}

/** More than one value at an address. */
class Several<T> {
  readonly values: readonly T[];

  constructor(values: readonly T[]) {
    this.values = values;
  }
}
