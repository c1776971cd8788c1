import { isIPv4, isIPv6 } from "node:net";
import { CLASS_IN, typeCode, type ResourceRecord } from "@kubehop/dns-wire";
import type { ZoneToken } from "./entries.ts";
import { ZoneError } from "./zone-error.ts";
import { decodeText, encodeName, parseOwner, parseTtl } from "./values.ts";

/** The words of a record's data, taken one after another. */
export interface RdataWords {
  /** Names that are not absolute are below it. */
  readonly origin: string;
  readonly tokens: readonly ZoneToken[];
  at: number;
}

/** What a record has besides its data. */
export interface RecordHead {
  readonly name: string;
  readonly ttl: number;
  readonly class: number;
}

type Field = "u8" | "u16" | "u32" | "name" | "string" | "strings" | "text" | "hex" | "base64";

/** Types that the codec passes on untouched, by the fields of their text. */
const OPAQUE: Readonly<Record<string, readonly Field[]>> = {
  CAA: ["u8", "string", "text"],
  DNAME: ["name"],
  DNSKEY: ["u16", "u8", "u8", "base64"],
  DS: ["u16", "u8", "u8", "hex"],
  NAPTR: ["u16", "u16", "string", "string", "string", "name"],
  SPF: ["strings"],
  SSHFP: ["u8", "u8", "hex"],
  TLSA: ["u8", "u8", "u8", "hex"],
  URI: ["u16", "u16", "text"],
};

/**
 * Reads the data of a record of a type, to the last word; any type also as `\# LENGTH HEX` (RFC
 * 3597 §5). Throws ZoneError.
 */
export function parseRdata(head: RecordHead, type: string, words: RdataWords): ResourceRecord {
  const generic = words.tokens[words.at]?.text === "\\#";
  const record = generic ? readGeneric(head, type, words) : readKnown(head, type, words);
  const extra = words.tokens[words.at];
  if (extra !== undefined) throw new ZoneError(`unexpected "${extra.text}" behind ${type} data`);
  return record;
}

function readKnown(head: RecordHead, type: string, words: RdataWords): ResourceRecord {
  switch (type) {
    case "A":
    case "AAAA":
      return { ...head, type, address: takeAddress(words, type) };
    case "NS":
    case "CNAME":
    case "PTR":
      return { ...head, type, target: takeName(words) };
    case "MX":
      return { ...head, type, preference: takeNumber(words, 16), target: takeName(words) };
    case "SRV": {
      const [priority, weight, port] = takeNumbers(words, 3);
      return { ...head, type, priority, weight, port, target: takeName(words) };
    }
    case "TXT":
      return { ...head, type, strings: takeStrings(words) };
    case "HINFO":
      return { ...head, type, cpu: takeString(words), os: takeString(words) };
    case "SOA":
      return readSoa(head, words);
    default:
      return readOpaque(head, type, words);
  }
}

function readSoa(head: RecordHead, words: RdataWords): ResourceRecord {
  const [mname, rname] = [takeName(words), takeName(words)];
  const serial = takeNumber(words, 32);
  const time = (): number => parseTtl(take(words));
  const [refresh, retry, expire, minimum] = [time(), time(), time(), time()];
  return { ...head, type: "SOA", mname, rname, serial, refresh, retry, expire, minimum };
}

function readOpaque(head: RecordHead, type: string, words: RdataWords): ResourceRecord {
  const code = typeCode(type);
  const fields = Object.hasOwn(OPAQUE, type) ? OPAQUE[type] : undefined;
  if (code === undefined || fields === undefined) {
    throw new ZoneError(`records of type ${type} can only be written as \\# LENGTH HEX`);
  }
  const data = Buffer.concat(fields.map((field) => encodeField(field, words)));
  return { ...head, type: `TYPE${code}`, data };
}

function readGeneric(head: RecordHead, type: string, words: RdataWords): ResourceRecord {
  const code = typeCode(type);
  words.at++;
  const length = takeNumber(words, 16);
  const data = takeHex(words);
  if (code === undefined || data.length !== length) {
    throw new ZoneError(`\\# announces ${length} octets and ${data.length} follow`);
  }
  return { ...head, type: `TYPE${code}`, data };
}

function encodeField(field: Field, words: RdataWords): Buffer {
  switch (field) {
    case "u8":
    case "u16":
    case "u32": {
      const bits = Number(field.slice(1)) as 8 | 16 | 32;
      const buffer = Buffer.alloc(bits / 8);
      buffer.writeUIntBE(takeNumber(words, bits), 0, bits / 8);
      return buffer;
    }
    case "name":
      return encodeName(takeName(words));
    case "string":
      return encodeString(takeString(words));
    case "strings":
      return Buffer.concat(takeStrings(words).map(encodeString));
    case "text":
      return Buffer.from(decodeText(take(words)), "latin1");
    case "hex":
      return takeHex(words);
    case "base64":
      return Buffer.from(takeRest(words), "base64");
    default:
      return field satisfies never;
  }
}

function encodeString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, "latin1")]);
}

function take(words: RdataWords): string {
  const token = words.tokens[words.at++];
  if (token === undefined) throw new ZoneError("the record ends too soon");
  return token.text;
}

function takeRest(words: RdataWords): string {
  const rest = words.tokens.slice(words.at).map(({ text }) => text);
  words.at = words.tokens.length;
  return rest.join("");
}

function takeHex(words: RdataWords): Buffer {
  const hex = takeRest(words);
  if (/^(?:[0-9a-fA-F]{2})*$/.test(hex)) return Buffer.from(hex, "hex");
  throw new ZoneError(`"${hex}" is not hexadecimal`);
}

function takeNumber(words: RdataWords, bits: 8 | 16 | 32): number {
  const text = take(words);
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number < 2 ** bits) return number;
  throw new ZoneError(`"${text}" is not a number of ${bits} bits`);
}

function takeNumbers(words: RdataWords, count: 3): [number, number, number] {
  return Array.from({ length: count }, () => takeNumber(words, 16)) as [number, number, number];
}

function takeName(words: RdataWords): string {
  return parseOwner(take(words), words.origin);
}

function takeAddress(words: RdataWords, type: "A" | "AAAA"): string {
  const text = take(words);
  if (type === "A" ? isIPv4(text) : isIPv6(text) && !text.includes("%")) return text;
  throw new ZoneError(`"${text}" is not an address of an ${type} record`);
}

function takeString(words: RdataWords): string {
  const text = decodeText(take(words));
  if (text.length <= 255) return text;
  throw new ZoneError(`a text of ${text.length} octets; 255 is the most`);
}

function takeStrings(words: RdataWords): string[] {
  const strings: string[] = [];
  do strings.push(takeString(words));
  while (words.at < words.tokens.length);
  return strings;
}

/** The class of every record here. */
export const RECORD_CLASS: number = CLASS_IN;

/** The target of a DNAME record, whose data the codec passes on untouched. */
export function decodeNameData(data: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 0; at < data.length && data[at] !== 0; at += (data[at] as number) + 1) {
    const length = data[at] as number;
    labels.push(Buffer.from(data.subarray(at + 1, at + 1 + length)).toString("latin1"));
  }
  return `${labels.map(escapeLabel).join(".")}.`;
}

function escapeLabel(label: string): string {
  return label.replaceAll(/[.\\"();@$\s]/g, (char) => `\\${char}`);
}
