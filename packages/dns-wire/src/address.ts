import { FormatError } from "./format-error.ts";

/** Writes `10.96.0.1` as four octets and gives the offset behind them. */
export function writeIpv4(buffer: Buffer, offset: number, address: string): number {
  let octet = -1;
  let written = 0;
  for (let index = 0; index <= address.length; index++) {
    const code = index === address.length ? 0x2e : address.charCodeAt(index);
    if (code === 0x2e) {
      if (octet < 0 || written === 4) throw notAddress(address);
      buffer[offset + written++] = octet;
      octet = -1;
      continue;
    }
    const digit = code - 0x30;
    if (digit < 0 || digit > 9 || octet === 0) throw notAddress(address);
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) throw notAddress(address);
  }
  if (written !== 4) throw notAddress(address);
  return offset + 4;
}

/** Reads four octets as `10.96.0.1`. */
export function readIpv4(buffer: Buffer, offset: number): string {
  return `${buffer[offset]}.${buffer[offset + 1]}.${buffer[offset + 2]}.${buffer[offset + 3]}`;
}

/** Writes an IPv6 address, also `::ffff:10.0.0.1`, and gives the offset behind its 16 octets. */
export function writeIpv6(buffer: Buffer, offset: number, address: string): number {
  const gap = address.indexOf("::");
  if (gap !== address.lastIndexOf("::") || address.length > 45) throw notAddress(address);
  const head = groups(gap < 0 ? address : address.slice(0, gap), address);
  const tail = gap < 0 ? [] : groups(address.slice(gap + 2), address);
  const zeros = 8 - head.length - tail.length;
  if (gap < 0 ? zeros !== 0 : zeros < 1) throw notAddress(address);
  let at = offset;
  for (const group of head) at = buffer.writeUInt16BE(group, at);
  for (let zero = 0; zero < zeros; zero++) at = buffer.writeUInt16BE(0, at);
  for (const group of tail) at = buffer.writeUInt16BE(group, at);
  return at;
}

function groups(text: string, address: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group, index, all) => {
    if (index === all.length - 1 && group.includes(".")) return embeddedIpv4(group);
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) throw notAddress(address);
    return Number.parseInt(group, 16);
  });
}

function embeddedIpv4(text: string): number[] {
  const octets = Buffer.alloc(4);
  writeIpv4(octets, 0, text);
  return [octets.readUInt16BE(0), octets.readUInt16BE(2)];
}

/**
 * Reads 16 octets as the canonical text of RFC 5952: lower case, the longest run of zero groups
 * (at least two) as `::`, IPv4-mapped addresses as `::ffff:10.0.0.1`.
 */
export function readIpv6(buffer: Buffer, offset: number): string {
  const words = Array.from({ length: 8 }, (_, index) => buffer.readUInt16BE(offset + index * 2));
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) {
    return `::ffff:${readIpv4(buffer, offset + 12)}`;
  }
  const run = longestZeroRun(words);
  const hex = words.map((word) => word.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (start + length < words.length && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

function notAddress(address: string): FormatError {
  return new FormatError(`"${address}" is not an IP address of that family`);
}
