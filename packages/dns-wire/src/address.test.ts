import { isIPv6 } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIpv4, readIpv6, writeIpv4, writeIpv6 } from "./address.ts";
import { FormatError } from "./format-error.ts";

describe("addresses", () => {
  it.each([
    ["::", "::"],
    ["::1", "::1"],
    ["fd00::10:244:1:5", "fd00::10:244:1:5"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["::ffff:10.0.0.1", "::ffff:10.0.0.1"],
    ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
  ])("IPv6 %s reads back as %s", (input, canonical) => {
    const bytes = Buffer.alloc(16);
    expect(writeIpv6(bytes, 0, input)).toBe(16);
    expect(readIpv6(bytes, 0)).toBe(canonical);
  });

  it.each([
    "",
    "1",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "g::",
    "1:2:3:4:5:6:7::8",
    "::1.2.3",
    "fe80::1%eth0",
  ])("refuses %j as IPv6", (input) => {
    expect(() => writeIpv6(Buffer.alloc(64), 0, input)).toThrow(FormatError);
  });

  it.each(["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "a.b.c.d", "1..2.3", "1.2.3.4 "])(
    "refuses %j as IPv4",
    (input) => {
      expect(() => writeIpv4(Buffer.alloc(8), 0, input)).toThrow(FormatError);
    },
  );

  it("reads back every address it writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        const bytes = Buffer.from(octets);
        const copy = Buffer.alloc(16);
        expect(isIPv6(readIpv6(bytes, 0))).toBe(true);
        writeIpv6(copy, 0, readIpv6(bytes, 0));
        expect(copy).toEqual(bytes);
        writeIpv4(copy, 0, readIpv4(bytes, 4));
        expect(copy.subarray(0, 4)).toEqual(bytes.subarray(4, 8));
      }),
    );
  });
});
