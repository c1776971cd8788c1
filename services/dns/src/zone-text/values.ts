import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, nameOctets, splitName } from "@kubehop/dns-wire";
import { ZoneError } from "./zone-error.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const MAX_TTL = 0x7fff_ffff;

/** Seconds: a number, or numbers with units as BIND writes them (`1h30m`). Throws ZoneError. */
export function parseTtl(text: string): number {
  const seconds = readSeconds(text.toLowerCase());
  if (seconds === undefined || seconds > MAX_TTL) throw new ZoneError(`"${text}" is not a time`);
  return seconds;
}

/** Whether a word is a TTL: it begins with a digit and could be nothing else in that place. */
export function isTtl(text: string): boolean {
  const seconds = readSeconds(text.toLowerCase());
  return seconds !== undefined && seconds <= MAX_TTL;
}

function readSeconds(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,10}[smhdw])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of text.matchAll(/(\d+)([smhdw])/g)) {
    seconds += Number(number) * (UNITS[unit ?? "s"] as number);
  }
  return seconds;
}

/** A name of a master file: `@` is the origin, and what has no final dot is below it. */
export function parseOwner(text: string, origin: string): string {
  if (text === "@") return origin;
  const absolute = isAbsolute(text) ? text : `${text}.${origin === "." ? "" : origin}`;
  const labels = splitName(absolute);
  const fits =
    labels.length > 0 &&
    nameOctets(absolute) <= MAX_NAME_OCTETS &&
    labels.every((label) => labelOctets(label) > 0 && labelOctets(label) <= MAX_LABEL_OCTETS);
  if (absolute === "." || fits) return absolute;
  throw new ZoneError(`"${text}" is not a name`);
}

function isAbsolute(text: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\.$/.test(text);
}

function labelOctets(label: string): number {
  return decodeText(label).length;
}

/** Text without its escapes, one octet a character: `\DDD` is an octet, `\X` is X. */
export function decodeText(text: string): string {
  const octets = Buffer.from(text, "utf8").toString("latin1");
  return octets.replaceAll(/\\(\d{3}|[^])/g, (_match, escaped: string) => {
    if (escaped.length === 1) return escaped;
    if (Number(escaped) > 0xff) throw new ZoneError(`\\${escaped} is not an octet`);
    return String.fromCharCode(Number(escaped));
  });
}

/** A name's wire form, not compressed. */
export function encodeName(name: string): Buffer {
  const labels = splitName(name).map((label) => Buffer.from(decodeText(label), "latin1"));
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), label]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}
