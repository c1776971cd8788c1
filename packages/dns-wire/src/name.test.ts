import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "./format-error.ts";
import { nameOctets, readName, splitName, toAbsolute, writeName } from "./name.ts";

function encode(...names: string[]): Buffer {
  const target = { buffer: Buffer.alloc(70_000), offset: 0, names: new Map<string, number>() };
  for (const name of names) writeName(target, name, true);
  return target.buffer.subarray(0, target.offset);
}

function decode(bytes: Buffer, offset = 0): string {
  return readName({ buffer: bytes, offset, end: bytes.length });
}

describe("names", () => {
  it.each([
    [".", "00"],
    ["a.", "016100"],
    ["a", "016100"],
    ["my-api.Default.", "066d792d617069 0744656661756c74 00"],
    ["a\\.b.c.", "03612e62 0163 00"],
    ["\\007\\255.", "0207ff00"],
    ["\\\\.", "015c00"],
    ["a\\ b.", "0361206200"],
  ])("writes %s", (name, hex) => {
    expect(encode(name).toString("hex")).toBe(hex.replaceAll(" ", ""));
  });

  it.each([
    ["an empty label", "a..b."],
    ["a leading dot", ".a."],
    ["a label of 64 octets", `${"x".repeat(64)}.`],
    ["256 octets", `${"x".repeat(63)}.`.repeat(4)],
    ["a number above 255", "\\256."],
    ["a short number", "\\12"],
    ["an open escape", "a\\"],
    ["a character beyond one octet", "日本."],
  ])("refuses %s", (_what, name) => {
    expect(() => encode(name)).toThrow(FormatError);
    expect(() =>
      writeName({ buffer: Buffer.alloc(999), offset: 0, names: undefined }, name, false),
    ).toThrow(FormatError);
  });

  it("takes a name of exactly 255 octets", () => {
    const name = `${"x".repeat(63)}.`.repeat(3) + `${"y".repeat(61)}.`;
    expect(nameOctets(name)).toBe(255);
    expect(decode(encode(name))).toBe(name);
  });

  it("compresses suffixes of the same case only", () => {
    const bytes = encode("a.Zone.", "b.Zone.", "c.zone.");
    expect(bytes.toString("latin1")).toBe("\x01a\x04Zone\0\x01b\xc0\x02\x01c\x04zone\0");
    expect(decode(bytes, 8)).toBe("b.Zone.");
  });

  it.each([
    ["a pointer to itself", "c000"],
    ["a pointer forward", "c002016100"],
    ["a loop over two names", "0161c004 0162c000"],
    ["a label type of RFC 2673", "4100"],
    ["no end", "0161"],
    ["a label past the end", "0561"],
    ["half a pointer", "c0"],
  ])("refuses to read %s", (_what, hex) => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(() => decode(bytes)).toThrow(FormatError);
  });

  it("refuses a chain of more than 126 pointers", () => {
    const bytes = Buffer.alloc(400);
    for (let offset = 2; offset < 400; offset += 2)
      bytes.writeUInt16BE(0xc000 | (offset - 2), offset);
    expect(decode(bytes, 100)).toBe(".");
    expect(() => decode(bytes, 398)).toThrow(/too many pointers/);
  });

  it("reads back any labels", () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const wire = Buffer.concat([
          ...labels.map((bytes) => Buffer.from([bytes.length, ...bytes])),
          Buffer.from([0]),
        ]);
        const name = decode(wire);
        expect(encode(name)).toEqual(wire);
        expect(nameOctets(name)).toBe(wire.length);
        expect(splitName(name)).toHaveLength(labels.length);
      }),
    );
  });

  it("makes names absolute", () => {
    expect(["a", "a.", "."].map(toAbsolute)).toEqual(["a.", "a.", "."]);
  });
});
