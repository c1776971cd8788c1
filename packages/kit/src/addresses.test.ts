import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { familyOf, formatAddress, parseAddress, parseCidr } from "./addresses.ts";

test.each<[string, string | undefined]>([
  ["10.96.0.1", "IPv4"],
  ["255.255.255.255", "IPv4"],
  ["fd00::1", "IPv6"],
  ["::", "IPv6"],
  ["010.0.0.1", undefined],
  ["10.0.0", undefined],
  ["10.0.0.256", undefined],
  ["fe80::1%eth0", undefined],
  ["::ffff:10.0.0.1", undefined],
  ["", undefined],
  ["None", undefined],
  ["10.0.0.1/24", undefined],
])("family of %j is %s", (ip, family) => expect(familyOf(ip)).toBe(family));

describe("addresses as numbers", () => {
  test.each<[string, bigint, string]>([
    ["0.0.0.1", 1n, "0.0.0.1"],
    ["10.96.0.10", 0x0a60000an, "10.96.0.10"],
    ["::1", 1n, "::1"],
    ["FD00:0:0::A", (0xfd00n << 112n) | 0xan, "fd00::a"],
  ])("%s", (ip, value, canonical) => {
    const address = parseAddress(ip);
    expect(address?.value).toBe(value);
    expect(address && formatAddress(address)).toBe(canonical);
  });

  test("formatting and parsing again gives the same number", () => {
    const family = fc.constantFrom("IPv4" as const, "IPv6" as const);
    fc.assert(
      fc.property(family, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (family, number) => {
        const value = family === "IPv4" ? number & 0xffffffffn : number;
        // IPv4 addresses inside IPv6 are not taken.
        fc.pre(family === "IPv4" || value >> 32n !== 0xffffn);
        expect(parseAddress(formatAddress({ family, value }))).toEqual({ family, value });
      }),
    );
  });
});

describe("parseCidr", () => {
  test.each<[string, string, bigint]>([
    ["10.96.0.0/16", "10.96.0.0/16", 65_536n],
    ["10.96.3.7/16", "10.96.0.0/16", 65_536n],
    ["10.0.0.1/32", "10.0.0.1/32", 1n],
    ["0.0.0.0/0", "0.0.0.0/0", 1n << 32n],
    ["fd00:1::/108", "fd00:1::/108", 1n << 20n],
  ])("%s", (text, canonical, size) => {
    expect(parseCidr(text)).toMatchObject({ text: canonical, size });
  });

  test.each([
    "",
    "10.96.0.0",
    "10.96.0.0/",
    "10.96.0.0/33",
    "10.96.0.0/-1",
    "10.96.0.0/08",
    "x/8",
    "fd00::/129",
  ])("%j is none", (text) => expect(parseCidr(text)).toBeUndefined());

  test("contains", () => {
    const range = parseCidr("10.96.0.0/16");
    const inside = ["10.96.0.0", "10.96.255.255"];
    const outside = ["10.95.255.255", "10.97.0.0", "::1", "x"];
    expect(inside.map((ip) => range?.contains(ip))).toEqual([true, true]);
    expect(outside.map((ip) => range?.contains(ip))).toEqual([false, false, false, false]);
  });
});
