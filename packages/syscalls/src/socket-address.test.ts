import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSocketAddress, SOCKADDR_BYTES, writeSocketAddress } from "./socket-address.ts";

describe("writeSocketAddress", () => {
  it.each([
    ["10.96.0.1", 80, "0200 0050 0a600001 0000000000000000"],
    ["255.255.255.255", 65_535, "0200 ffff ffffffff 0000000000000000"],
    ["::1", 443, "0a00 01bb 00000000 00000000000000000000000000000001 00000000"],
    ["fd00:10:96::50", 53, "0a00 0035 00000000 fd000010009600000000000000000050 00000000"],
    ["::ffff:127.0.0.1", 1, "0a00 0001 00000000 00000000000000000000ffff7f000001 00000000"],
  ])("lays %s port %i out as the kernel reads it", (ip, port, expected) => {
    const bytes = Buffer.alloc(4 + SOCKADDR_BYTES, 0xee);
    const length = writeSocketAddress(bytes, 4, { ip, port });
    expect(bytes.toString("hex", 4, 4 + length)).toBe(expected.replaceAll(" ", ""));
    expect(bytes.subarray(0, 4)).toEqual(Buffer.alloc(4, 0xee));
  });
});

describe("readSocketAddress", () => {
  it.each([
    "0.0.0.0",
    "127.0.1.9",
    "10.96.0.1",
    "::",
    "::1",
    "fd00:10:96::50",
    "2001:db8::1:0:0:1",
  ])("gives %s back", (ip) => {
    const bytes = Buffer.alloc(SOCKADDR_BYTES);
    writeSocketAddress(bytes, 0, { ip, port: 8080 });
    expect(readSocketAddress(bytes, 0)).toEqual({ ip, port: 8080 });
  });

  it("gives every address back, in a form of the same meaning", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6()),
        fc.integer({ min: 0, max: 65_535 }),
        (ip, port) => {
          const [first, second] = [Buffer.alloc(SOCKADDR_BYTES), Buffer.alloc(SOCKADDR_BYTES)];
          writeSocketAddress(first, 0, { ip, port });
          const read = readSocketAddress(first, 0);
          expect(isIPv6(read.ip)).toBe(isIPv6(ip));
          writeSocketAddress(second, 0, read);
          expect(second).toEqual(first);
        },
      ),
    );
  });
});
