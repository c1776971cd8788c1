import dnsPacket from "dns-packet";
import { Packet } from "dns2";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLASS_IN, Flag } from "./codes.ts";
import { encodeMessage } from "./encoder.ts";
import { FormatError } from "./format-error.ts";
import { readHeader } from "./header.ts";
import { decodeMessage, type Message } from "./message.ts";
import { decodeQuery } from "./query.ts";
import type { ResourceRecord } from "./record.ts";

const label = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const name = fc
  .array(label, { minLength: 1, maxLength: 5 })
  .map((labels) => `${labels.join(".")}.`);
const number16 = fc.integer({ min: 0, max: 0xffff });
const number32 = fc.integer({ min: 0, max: 0x7fff_ffff });
const latin1 = fc
  .uint8Array({ maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const ascii = fc.string({ unit: "binary-ascii", maxLength: 255 });
const head = { name, class: fc.constant(CLASS_IN), ttl: number32 };
const ipv4 = fc.ipV4();

const records = {
  A: fc.record({ ...head, type: fc.constant("A" as const), address: ipv4 }),
  AAAA: fc.record({
    ...head,
    type: fc.constant("AAAA" as const),
    address: fc.constantFrom("fd00::1", "::", "1:2:3:4:5:6:7:8", "2001:db8::a:0:0:1"),
  }),
  NAME: fc.record({
    ...head,
    type: fc.constantFrom("NS" as const, "CNAME" as const, "PTR" as const),
    target: name,
  }),
  SRV: fc.record({
    ...head,
    type: fc.constant("SRV" as const),
    priority: number16,
    weight: number16,
    port: number16,
    target: name,
  }),
  TXT: fc.record({
    ...head,
    type: fc.constant("TXT" as const),
    strings: fc.array(latin1, { minLength: 1, maxLength: 3 }),
  }),
  SOA: fc.record({
    ...head,
    type: fc.constant("SOA" as const),
    mname: name,
    rname: name,
    serial: number32,
    refresh: number32,
    retry: number32,
    expire: number32,
    minimum: number32,
  }),
  MX: fc.record({
    ...head,
    type: fc.constant("MX" as const),
    preference: number16,
    target: name,
  }),
  HINFO: fc.record({ ...head, type: fc.constant("HINFO" as const), cpu: ascii, os: ascii }),
  OPAQUE: fc.record({
    ...head,
    type: fc.constant("TYPE65280" as const),
    data: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  }),
};
const record: fc.Arbitrary<ResourceRecord> = fc.oneof(...Object.values(records));
/** dns-packet 5.6.1 writes HINFO but misreads its second string. */
const readByDnsPacket = record.filter(({ type }) => type !== "TYPE65280" && type !== "HINFO");
const sections = fc.array(record, { maxLength: 6 });
const message: fc.Arbitrary<Message> = fc.record(
  {
    id: number16,
    flags: fc.constantFrom(0, Flag.RD, Flag.QR | Flag.AA, Flag.QR | Flag.RA | Flag.CD),
    opcode: fc.constantFrom(0, 4),
    rcode: fc.constantFrom(0, 2, 3),
    questions: fc.array(
      fc.record({ name, type: fc.constantFrom("A", "ANY", "TYPE999"), class: number16 }),
      { maxLength: 1 },
    ),
    answers: sections,
    authorities: sections,
    additionals: sections,
    edns: fc.record({
      udpSize: number16,
      version: fc.constant(0),
      dnssecOk: fc.boolean(),
      options: fc.array(
        fc.record({
          code: number16,
          data: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        }),
        { maxLength: 2 },
      ),
    }),
  },
  {
    requiredKeys: [
      "id",
      "flags",
      "opcode",
      "rcode",
      "questions",
      "answers",
      "authorities",
      "additionals",
    ],
  },
);

function reply(answers: readonly ResourceRecord[], more: Partial<Message> = {}): Message {
  return {
    id: 1,
    flags: Flag.QR,
    opcode: 0,
    rcode: 0,
    questions: [{ name: "My-DB.default.svc.cluster.local.", type: "A", class: CLASS_IN }],
    answers,
    authorities: [],
    additionals: [],
    ...more,
  };
}

function addresses(count: number): ResourceRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    name: "My-DB.default.svc.cluster.local.",
    type: "A",
    class: CLASS_IN,
    ttl: 30,
    address: `10.244.${index >> 8}.${index & 255}`,
  }));
}

describe("messages", () => {
  it("come back as they were written, compressed or not", () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(decodeMessage(encodeMessage(original))).toEqual(original);
        expect(decodeMessage(encodeMessage(original, { compressAbove: 0 }))).toEqual(original);
      }),
    );
  });

  it("are understood by dns-packet", () => {
    fc.assert(
      fc.property(readByDnsPacket, (original) => {
        const bytes = encodeMessage(reply([original]), { compressAbove: 0 });
        const [answer] = dnsPacket.decode(bytes).answers ?? [];
        expect(answer).toMatchObject(toDnsPacket(original));
      }),
    );
  });

  it("of dns-packet are understood", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(readByDnsPacket, records.HINFO)), (originals) => {
        const bytes = dnsPacket.encode({
          type: "response",
          id: 7,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ type: "A", name: "a.b" }],
          answers: originals.map(toDnsPacket) as unknown as dnsPacket.Answer[],
          additionals: [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: 1232,
              flags: dnsPacket.DNSSEC_OK,
              options: [],
            } as unknown as dnsPacket.Answer,
          ],
        });
        const decoded = decodeMessage(bytes);
        expect(decoded.answers).toEqual(originals);
        expect(decoded.edns).toEqual({ udpSize: 1232, version: 0, dnssecOk: true, options: [] });
        expect(decoded.flags).toBe(Flag.QR | Flag.RD);
      }),
    );
  });

  it("are understood by dns2", () => {
    const supported = fc.oneof(records.A, records.NAME, records.SRV);
    fc.assert(
      fc.property(supported, (original) => {
        const parsed = Packet.parse(encodeMessage(reply([original])));
        const answer = parsed.answers[0] as unknown as Record<string, unknown>;
        expect(answer["name"]).toBe(original.name.slice(0, -1));
        expect(answer["ttl"]).toBe(original.ttl);
        if (original.type === "A") expect(answer["address"]).toBe(original.address);
        if (original.type === "SRV") {
          expect(answer).toMatchObject({
            target: original.target.slice(0, -1),
            port: original.port,
            weight: original.weight,
            priority: original.priority,
          });
        }
      }),
    );
  });

  it("never compress an SRV target", () => {
    const srv: ResourceRecord = {
      name: "My-DB.default.svc.cluster.local.",
      type: "SRV",
      class: CLASS_IN,
      ttl: 30,
      priority: 0,
      weight: 100,
      port: 80,
      target: "My-DB.default.svc.cluster.local.",
    };
    const bytes = encodeMessage(reply([srv]), { compressAbove: 0 });
    expect(bytes.length).toBe(12 + 33 + 4 + 2 + 10 + 6 + 33);
  });

  it("carry response codes above 15 in EDNS only", () => {
    const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] };
    const bytes = encodeMessage(reply([], { rcode: 16, edns }));
    expect(bytes.readUInt16BE(2) & 0xf).toBe(0);
    expect(decodeMessage(bytes).rcode).toBe(16);
    expect(() => encodeMessage(reply([], { rcode: 16 }))).toThrow(FormatError);
  });
});

describe("truncation", () => {
  it.each([
    [9, 512, false],
    [60, 1232, true],
    [60, 1040, true],
    [4000, 65_535, true],
  ])("%i answers within %i octets", (count, maxOctets, full) => {
    const decoded = decodeMessage(encodeMessage(reply(addresses(count)), { maxOctets }));
    const fit = Math.min(count, Math.floor((maxOctets - 49) / 16));
    expect(decoded.answers).toHaveLength(count === 9 ? 9 : fit);
    expect((decoded.flags & Flag.TC) !== 0).toBe(fit < count);
    expect(full || count === 9).toBe(true);
  });

  it("leaves names uncompressed while the message fits", () => {
    expect(encodeMessage(reply(addresses(2)), { maxOctets: 512 }).length).toBe(49 + 2 * 47);
  });

  it("compresses above the given size without dropping anything", () => {
    const bytes = encodeMessage(reply(addresses(40)), { maxOctets: 4096, compressAbove: 1480 });
    expect(bytes.length).toBe(49 + 40 * 16);
    expect(decodeMessage(bytes).flags & Flag.TC).toBe(0);
  });

  it("keeps OPT and drops the additional section first", () => {
    const edns = { udpSize: 512, version: 0, dnssecOk: true, options: [] };
    const full = reply(addresses(20), { edns, additionals: addresses(20) });
    const decoded = decodeMessage(encodeMessage(full, { maxOctets: 512 }));
    expect(decoded).toMatchObject({ edns, flags: Flag.QR | Flag.TC });
    expect(decoded.answers).toHaveLength(20);
    expect(decoded.additionals).toHaveLength(Math.floor((512 - 49 - 11) / 16) - 20);
  });

  it("never exceeds the limit", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 512, max: 1500 }), (original, maxOctets) => {
        expect(encodeMessage(original, { maxOctets }).length).toBeLessThanOrEqual(maxOctets);
      }),
    );
  });
});

describe("bad input", () => {
  it("only ever gives FormatError", () => {
    const bytes = message.map((original) => encodeMessage(original, { compressAbove: 0 }));
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(bytes, fc.array(change, { maxLength: 8 }), fc.nat(), (good, changes, cut) => {
        const bad = Buffer.from(good.subarray(0, cut % 5 === 0 ? cut % good.length : good.length));
        for (const [at, octet] of changes) if (bad.length > 0) bad[at % bad.length] = octet;
        tryDecode(bad);
      }),
      { numRuns: 3000 },
    );
  });

  it("of all-ones counts fails at once", () => {
    const bytes = Buffer.alloc(12, 0xff);
    expect(() => decodeMessage(bytes)).toThrow(FormatError);
  });

  it("is cheap at its worst: each name points at a chain of pointers", () => {
    const bytes = Buffer.alloc(65_535);
    bytes.writeUInt16BE(0xffff, 4);
    let end = 13;
    for (let index = 0; index < 125; index++, end += 2) {
      bytes.writeUInt16BE(0xc000 | (index === 0 ? 12 : end - 2), end);
    }
    const start = 12;
    expect(bytes[start]).toBe(0);
    for (let at = end; at + 6 <= bytes.length; at += 6) bytes.writeUInt16BE(0xc000 | (end - 2), at);
    // Steps are bounded by the packet: 10 900 names of 126 pointers, some milliseconds.
    expect(() => decodeMessage(bytes)).toThrow(FormatError);
  });

  it.each([
    [
      "two OPT records",
      { additionals: 2, tail: "00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000" },
    ],
    ["OPT of another name", { additionals: 1, tail: "0161 00 0029 04d0 00000000 0000" }],
    ["OPT with half an option", { additionals: 1, tail: "00 0029 04d0 00000000 0003 000a00" }],
    ["A of three octets", { additionals: 1, tail: "00 0001 0001 00000000 0003 0a0000" }],
    ["A of five octets", { additionals: 1, tail: "00 0001 0001 00000000 0005 0a00000000" }],
  ])("%s is refused", (_what, { additionals, tail }) => {
    const hex = `0001 0000 0001 0000 0000 000${additionals} 0161 00 0001 0001 ${tail}`;
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(() => decodeMessage(bytes)).toThrow(FormatError);
    expect(() => decodeQuery(bytes, readHeader(bytes))).toThrow(FormatError);
  });
});

describe("the query fast path", () => {
  it("reads what decodeMessage reads", () => {
    fc.assert(
      fc.property(message, (original) => {
        const bytes = encodeMessage(original);
        if (original.questions.length !== 1) return;
        const { question, edns } = decodeQuery(bytes, readHeader(bytes));
        expect(question).toEqual(original.questions[0]);
        expect(edns).toEqual(original.edns);
      }),
    );
  });
});

function tryDecode(bytes: Buffer): void {
  try {
    decodeMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
  }
}

function toDnsPacket(original: ResourceRecord): Record<string, unknown> {
  const { type, ttl } = original;
  const rest = { type, ttl, name: bare(original.name) };
  switch (original.type) {
    case "A":
    case "AAAA":
      return { ...rest, data: original.address };
    case "NS":
    case "CNAME":
    case "PTR":
      return { ...rest, data: bare(original.target) };
    case "SRV": {
      const { priority, weight, port, target } = original;
      return { ...rest, data: { priority, weight, port, target: bare(target) } };
    }
    case "TXT":
      return { ...rest, data: original.strings.map((text) => Buffer.from(text, "latin1")) };
    case "SOA": {
      const { mname, rname, serial, refresh, retry, expire, minimum } = original;
      const data = {
        mname: bare(mname),
        rname: bare(rname),
        serial,
        refresh,
        retry,
        expire,
        minimum,
      };
      return { ...rest, data };
    }
    case "MX":
      return {
        ...rest,
        data: { preference: original.preference, exchange: bare(original.target) },
      };
    case "HINFO":
      return { ...rest, data: { cpu: original.cpu, os: original.os } };
    default:
      return { ...rest, data: original.data };
  }
}

function bare(absolute: string): string {
  return absolute.slice(0, -1);
}
