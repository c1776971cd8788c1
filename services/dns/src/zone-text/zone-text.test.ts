import { decodeMessage, encodeMessage, type ResourceRecord } from "@kubehop/dns-wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNameData } from "./rdata.ts";
import { parseRecord } from "./record.ts";
import { ZoneError } from "./zone-error.ts";
import { parseZoneFile } from "./zone-file.ts";

function parse(text: string, files: Record<string, string> = {}): ResourceRecord[] {
  const read = (path: string): string => {
    const found = files[path];
    if (found === undefined) throw new Error(`ENOENT: ${path}`);
    return found;
  };
  return [...parseZoneFile({ file: "/zones/db", text, origin: "example.org.", read })];
}

function line({ name, ttl, type, class: _class, ...data }: ResourceRecord): string {
  const shown = Object.values(data).map((value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value),
  );
  return [name, ttl, type, ...shown].join(" ");
}

/** The sample zone of RFC 1035 §5.3, with a TTL. */
const RFC_1035 = `$TTL 1h
@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        MX      10      VENERA
        MX      20      VAXA

A       A       26.3.0.103
VENERA  A       10.1.0.52
        A       128.9.0.32
$INCLUDE mailboxes
`;

describe("a master file", () => {
  it("reads as RFC 1035 §5.3 says", () => {
    const files = { "/zones/mailboxes": "MOE IN PTR A.ISI.EDU.\n$ORIGIN sub\nLARRY 5 CNAME MOE\n" };
    expect(parse(`${RFC_1035}after A 192.0.2.1\n`, files).map(line)).toEqual([
      "example.org. 3600 SOA VENERA.example.org. Action\\.domains.example.org. 20 7200 600 3600000 60",
      "example.org. 3600 NS A.ISI.EDU.",
      "example.org. 3600 NS VENERA.example.org.",
      "example.org. 3600 MX 10 VENERA.example.org.",
      "example.org. 3600 MX 20 VAXA.example.org.",
      "A.example.org. 3600 A 26.3.0.103",
      "VENERA.example.org. 3600 A 10.1.0.52",
      "VENERA.example.org. 3600 A 128.9.0.32",
      "MOE.example.org. 3600 PTR A.ISI.EDU.",
      "LARRY.sub.example.org. 5 CNAME MOE.sub.example.org.",
      "after.example.org. 3600 A 192.0.2.1",
    ]);
  });

  it.each([
    ["a 60 IN A 192.0.2.1", "a.example.org. 60 A 192.0.2.1"],
    ["a IN 60 A 192.0.2.1", "a.example.org. 60 A 192.0.2.1"],
    ["a. 1h30m aaaa ::1", "a. 5400 AAAA ::1"],
    ['@ 5 TXT one "two; (three)" "a\\"b\\065"', 'example.org. 5 TXT one,two; (three),a"bA'],
    ["* 5 CNAME @", "*.example.org. 5 CNAME example.org."],
    ["_sip._udp 5 SRV 1 2 5060 host", "_sip._udp.example.org. 5 SRV 1 2 5060 host.example.org."],
    ['a\\.b 5 HINFO cpu "an os"', "a\\.b.example.org. 5 HINFO cpu an os"],
    ['a 5 CAA 0 issue "ca.test"', "a.example.org. 5 TYPE257 0005697373756563612e74657374"],
    ["a 5 DNAME b", "a.example.org. 5 TYPE39 0162076578616d706c65036f726700"],
    ["a 5 DS 1 8 2 AB CD", "a.example.org. 5 TYPE43 00010802abcd"],
    ["a 5 SSHFP 1 1 abcd", "a.example.org. 5 TYPE44 0101abcd"],
    ["a 5 TLSA 3 1 1 ff", "a.example.org. 5 TYPE52 030101ff"],
    ["a 5 DNSKEY 257 3 13 AAAA", "a.example.org. 5 TYPE48 0101030d000000"],
    ['a 5 NAPTR 1 2 "u" "x" "" .', "a.example.org. 5 TYPE35 00010002017501780000"],
    ['a 5 URI 1 2 "ftp:"', "a.example.org. 5 TYPE256 000100026674703a"],
    ["a 5 SPF v", "a.example.org. 5 TYPE99 0176"],
    ["a 5 TYPE4711 \\# 3 ab cdef", "a.example.org. 5 TYPE4711 abcdef"],
    ["a 5 A (\n 192.0.2.1 ; here\n )", "a.example.org. 5 A 192.0.2.1"],
  ])("reads %s", (text, expected) => {
    const [record] = parse(text);
    expect(record && line(record)).toBe(expected);
  });

  it.each([
    [" A 192.0.2.1", "/zones/db: line 1: the first record has no owner"],
    ["a A 192.0.2.1", "line 1: there is no TTL"],
    ["\n\na 5 A 192.0.2.300", 'line 3: "192.0.2.300" is not an address of an A record'],
    ["a 5 A", "line 1: the record ends too soon"],
    ["a 5 A 192.0.2.1 192.0.2.2", 'unexpected "192.0.2.2" behind A data'],
    ["a 5 NONSENSE x", 'there is no record type "NONSENSE"'],
    ["a 5 LOC 1 2 3", "records of type LOC can only be written as \\# LENGTH HEX"],
    ["a 5 TYPE9 \\# 2 ab", "\\# announces 2 octets and 1 follow"],
    ["a 5 MX 70000 b", '"70000" is not a number of 16 bits'],
    ["a..b 5 A 192.0.2.1", '"a..b" is not a name'],
    [`${"x".repeat(64)} 5 A 192.0.2.1`, "is not a name"],
    [`a 5 TXT ${"x".repeat(256)}`, "a text of 256 octets"],
    ["a 5 TXT \\999", "\\999 is not an octet"],
    ['a 5 TXT "open', "line 1: a quote or an escape has no end"],
    ["a 5 SOA ( a b", 'line 1: "(" is never closed'],
    ["a 5 A ) 192.0.2.1", 'line 1: ")" without "("'],
    ["$TTL", "$TTL has no argument"],
    ["$TTL soon", '"soon" is not a time'],
    ["$GENERATE 1-2 a A 1", "unknown $GENERATE; expected $ORIGIN, $TTL or $INCLUDE"],
    ["$INCLUDE none", "line 1: $INCLUDE /zones/none: ENOENT"],
  ])("refuses %s", (text, message) => {
    expect(() => parse(text)).toThrow(ZoneError);
    expect(() => parse(text)).toThrow(message);
  });

  it("names the included file, and stops at files that include themselves", () => {
    const files = { "/zones/a": "\nx 5 A y\n", "/zones/loop": "$INCLUDE loop\n" };
    expect(() => parse("$INCLUDE a\n", files)).toThrow("/zones/a: line 2: ");
    expect(() => parse("$INCLUDE loop\n", files)).toThrow("more than 8 files inside another");
  });

  it("is a list of records that have a wire form, or a ZoneError, for any text", () => {
    const words =
      '@ a b. * \\. \\# \\0 ( ) ; " \n \n \t 5 1h IN CH A AAAA NS SOA TXT CAA DS MX 192.0.2.1 :: $TTL $ORIGIN';
    const word = fc.oneof(fc.constantFrom(...words.split(" ")), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (list) => {
        let answers: ResourceRecord[];
        try {
          answers = parse(list.join(" "));
        } catch (error) {
          expect(error).toBeInstanceOf(ZoneError);
          return;
        }
        const head = { id: 0, flags: 0, opcode: 0, rcode: 0, questions: [] };
        const bytes = encodeMessage({ ...head, answers, authorities: [], additionals: [] });
        expect(decodeMessage(bytes).answers).toHaveLength(answers.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads what it is told in any spacing", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const label = fc.stringMatching(/^[a-z0-9]{1,20}$/);
    const space = fc.constantFrom(" ", "\t", "  ", " (\n", ") ; x\n (");
    fc.assert(
      fc.property(label, octet, fc.nat(0x7fff_ffff), space, (name, last, ttl, gap) => {
        const opens = gap.includes("(") && !gap.startsWith(")");
        const joint = gap.startsWith(")") ? " " : gap;
        const text = `${name}${joint}${ttl} IN A 192.0.2.${last}${opens ? ")" : ""}`;
        expect(parse(text).map(line)).toEqual([`${name}.example.org. ${ttl} A 192.0.2.${last}`]);
      }),
    );
  });
});

describe("one record", () => {
  it("has the root as origin and an hour as TTL", () => {
    expect(line(parseRecord("www.example.org IN A 192.0.2.1"))).toBe(
      "www.example.org. 3600 A 192.0.2.1",
    );
    expect(() => parseRecord("a 5 A 192.0.2.1\nb 5 A 192.0.2.1")).toThrow("expected one record");
    expect(() => parseRecord("")).toThrow("expected one record");
  });

  it("keeps a DNAME's target", () => {
    const record = parseRecord("a. 5 DNAME x\\.y.example.org.");
    expect("data" in record && decodeNameData(record.data)).toBe("x\\.y.example.org.");
  });
});
