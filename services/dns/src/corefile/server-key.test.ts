import { describe, expect, it } from "vitest";
import { reverseAddress, reverseZones } from "./reverse-zones.ts";
import { parseServerKey } from "./server-key.ts";

function key(text: string) {
  const token = { file: "Corefile", line: 1, column: 1, quoted: false, startsLine: true };
  return parseServerKey({ ...token, text }, 53).map(({ zone, port }) => `${zone}:${port}`);
}

describe("server block keys", () => {
  it.each([
    [".", [".:53"]],
    [".:1053", [".:1053"]],
    ["Example.ORG", ["example.org.:53"]],
    ["example.org.:5300", ["example.org.:5300"]],
    ["dns://example.org", ["example.org.:53"]],
    ["tls://example.org", ["example.org.:853"]],
    ["tls://.:8853", [".:8853"]],
    ["10.96.0.0/16", ["96.10.in-addr.arpa.:53"]],
    ["10.0.0.0/15:54", ["0.10.in-addr.arpa.:54", "1.10.in-addr.arpa.:54"]],
    ["fd00::/8", ["d.f.ip6.arpa.:53"]],
    ["fd00::/8:5353", ["d.f.ip6.arpa.:5353"]],
  ])("%s", (text, expected) => {
    expect(key(text)).toEqual(expected);
  });

  it.each([
    ["quic://example.org", "the transport quic:// is not served; expected dns:// or tls://"],
    [".:65536", '"65536" is not a port'],
    ["a..b", '"a..b" is not a zone'],
    [`${"x".repeat(64)}.org`, "is not a zone"],
    ["10.96.0.0/33", "is not a CIDR"],
    [".:53{", "is not a zone"],
  ])("refuses %s", (text, message) => {
    expect(() => key(text)).toThrow(`Corefile:1:1: `);
    expect(() => key(text)).toThrow(message);
  });
});

describe("reverse names", () => {
  it.each([
    ["10.96.0.0/12", 16, "96.10.in-addr.arpa.", "111.10.in-addr.arpa."],
    ["192.0.2.128/25", 128, "128.2.0.192.in-addr.arpa.", "255.2.0.192.in-addr.arpa."],
    ["2001:db8::/30", 4, "8.b.d.0.1.0.0.2.ip6.arpa.", "b.b.d.0.1.0.0.2.ip6.arpa."],
  ])("%s makes %i zones", (cidr, count, first, last) => {
    const zones = reverseZones(cidr) ?? [];
    expect([zones.length, zones.at(0), zones.at(-1)]).toEqual([count, first, last]);
  });

  it.each([
    ["50.0.96.10.in-addr.arpa.", "10.96.0.50"],
    ["96.10.in-addr.arpa.", undefined],
    ["x.0.96.10.in-addr.arpa.", undefined],
    [`${"0.".repeat(31)}1.ip6.arpa.`, "1000::"],
    ["1.ip6.arpa.", undefined],
    ["example.org.", undefined],
  ])("%s stands for %s", (name, address) => {
    expect(reverseAddress(name)).toBe(address);
  });
});
