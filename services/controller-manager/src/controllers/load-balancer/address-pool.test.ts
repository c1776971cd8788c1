import { describe, expect, it } from "vitest";
import { createAddressPool } from "./address-pool.ts";

function first(texts: readonly string[], family: "IPv4" | "IPv6", count: number): string[] {
  const found: string[] = [];
  for (const ip of createAddressPool(texts).addresses(family)) {
    if (found.push(ip) >= count) break;
  }
  return found;
}

describe("createAddressPool", () => {
  it.each([
    [["192.0.2.0/30"], "IPv4", ["192.0.2.1", "192.0.2.2"]],
    [["192.0.2.5/30"], "IPv4", ["192.0.2.5", "192.0.2.6"]],
    [["192.0.2.4/31"], "IPv4", ["192.0.2.4", "192.0.2.5"]],
    [["192.0.2.9", "198.51.100.7/32"], "IPv4", ["192.0.2.9", "198.51.100.7"]],
    [["192.0.2.255/23"], "IPv4", ["192.0.2.1", "192.0.2.2", "192.0.2.3"]],
    [["2001:db8::/126"], "IPv6", ["2001:db8::1", "2001:db8::2", "2001:db8::3"]],
    [["2001:db8::ffff/112"], "IPv6", ["2001:db8::1", "2001:db8::2"]],
    [["2001:db8::1"], "IPv4", []],
  ] as const)("has the addresses of %j of family %s", (texts, family, expected) => {
    const found = first(texts, family, expected.length || 1);
    expect(found).toEqual(expected);
    const pool = createAddressPool(texts);
    for (const ip of found) expect(pool.contains(ip)).toBe(true);
  });

  it.each(["192.0.2.0", "192.0.2.3", "192.0.1.255", "2001:db8::1", "no address", ""])(
    "does not contain %j",
    (ip) => expect(createAddressPool(["192.0.2.0/30"]).contains(ip)).toBe(false),
  );

  it.each([
    "",
    "192.0.2.0/33",
    "192.0.2/24",
    "2001:db8::/129",
    "::ffff:192.0.2.8/128",
    "example.com",
    "192.0.2.0/x",
  ])("refuses %j and says how it is written", (text) =>
    expect(() => createAddressPool([text])).toThrow(/--load-balancer-pool: .*192\.0\.2\.0\/24/),
  );

  it("is empty without a range", () => {
    expect(createAddressPool([]).isEmpty).toBe(true);
    expect(createAddressPool(["192.0.2.0/24"]).isEmpty).toBe(false);
  });
});
