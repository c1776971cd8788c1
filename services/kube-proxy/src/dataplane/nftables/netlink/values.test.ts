import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotEncodable } from "./attributes.ts";
import { addressOctets, concatenate, maskOctets, prefixOf } from "./values.ts";

describe("addressOctets", () => {
  it.each([
    ["IPv4", "10.244.1.3", "0af40103"],
    ["IPv6", "::", "0".repeat(32)],
    ["IPv6", "::1", `${"0".repeat(31)}1`],
    ["IPv6", "fd00::", `fd00${"0".repeat(28)}`],
    ["IPv6", "FD00:10:244:0:0:1::", "fd000010024400000000000100000000"],
    ["IPv6", "2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
    ["IPv6", "::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
  ] as const)("of %s %s", (family, ip, hex) => {
    expect(addressOctets(ip, family).toString("hex")).toBe(hex);
  });

  it("reads back any IPv6 address", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const groups = Buffer.from(octets).toString("hex").match(/..../g) ?? [];
        expect(addressOctets(groups.join(":"), "IPv6")).toEqual(Buffer.from(octets));
      }),
    );
  });

  it.each([
    ["IPv4", "10.0.0.256"],
    ["IPv4", "::1"],
    ["IPv6", "10.0.0.1"],
    ["IPv6", "fe80::1%eth0"],
    ["IPv6", ""],
  ] as const)("of %s has none for %j", (family, ip) => {
    expect(() => addressOctets(ip, family)).toThrow(NotEncodable);
  });
});

it.each([
  ["IPv4", "10.244.7.9/16", "0af40000", 16],
  ["IPv4", "10.244.255.9/17", "0af48000", 17],
  ["IPv4", "10.0.0.1/32", "0a000001", 32],
  ["IPv6", "fd00:0:0:1::/63", `fd00${"0".repeat(28)}`, 63],
] as const)("prefixOf %s %s is its first address", (family, cidr, network, bits) => {
  const prefix = prefixOf(cidr, family);
  expect([prefix.network.toString("hex"), prefix.bits]).toEqual([network, bits]);
});

it("maskOctets has leading ones alone", () => {
  expect(maskOctets(17, 4).toString("hex")).toBe("ffff8000");
  expect(maskOctets(0, 4).toString("hex")).toBe("00000000");
});

it("concatenate fills each field up", () => {
  expect(concatenate([Buffer.from([6]), Buffer.from([1, 2, 3, 4])]).toString("hex")).toBe(
    "0600000001020304",
  );
});
