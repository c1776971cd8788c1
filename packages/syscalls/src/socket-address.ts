import { isIPv6 } from "node:net";
import { AF } from "./constants.ts";

/** Bytes that the address of any family here takes: a sockaddr_in6. */
export const SOCKADDR_BYTES = 28;
const SOCKADDR_IN_BYTES = 16;

const [DOT, ZERO] = [46, 48];

/** An IP address and a port. */
interface Address {
  readonly ip: string;
  readonly port: number;
}

/** The address family of an IP address. */
export function familyOf(ip: string): number {
  return isIPv6(ip) ? AF.INET6 : AF.INET;
}

/**
 * Writes a sockaddr_in or sockaddr_in6 at an offset and gives its length. `ip` must be an IP
 * address without a zone. Words are in this machine's order: both processors known here begin with
 * the low end.
 */
export function writeSocketAddress(bytes: Buffer, offset: number, { ip, port }: Address): number {
  const family = familyOf(ip);
  const isIpv4 = family === AF.INET;
  const length = isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES;
  bytes.writeUInt16LE(family, offset);
  bytes.writeUInt16BE(port, offset + 2);
  bytes.fill(0, offset + 4, offset + length);
  writeIp(bytes, offset + (isIpv4 ? 4 : 8), ip);
  return length;
}

/** Writes the 4 or 16 octets of an IP address without a zone at an offset. */
export function writeIp(bytes: Buffer, offset: number, ip: string): void {
  if (!isIPv6(ip)) bytes.writeUInt32BE(parseIpv4(ip), offset);
  else groupsOf(ip).forEach((group, index) => bytes.writeUInt16BE(group, offset + 2 * index));
}

/** Reads a sockaddr_in or sockaddr_in6, IPv6 addresses in the form that Node.js writes. */
export function readSocketAddress(bytes: Buffer, offset: number): Address {
  const family = bytes.readUInt16LE(offset);
  const port = bytes.readUInt16BE(offset + 2);
  if (family === AF.INET) return { ip: formatIpv4(bytes.readUInt32BE(offset + 4)), port };
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(offset + 8 + 2 * n));
  return { ip: formatIpv6(groups), port };
}

/** `10.96.0.1` for 0x0a600001. */
export function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** 0x0a600001 for `10.96.0.1`; without a string of each part, since every connection needs it. */
function parseIpv4(ip: string): number {
  let [value, part] = [0, 0];
  for (let n = 0; n < ip.length; n++) {
    const code = ip.charCodeAt(n);
    if (code === DOT) [value, part] = [value * 256 + part, 0];
    else part = part * 10 + (code - ZERO);
  }
  return value * 256 + part;
}

/** The eight groups of an IPv6 address. */
function groupsOf(ip: string): number[] {
  // Parsed by the URL standard: the longest run of zeros is folded, an IPv4 tail is not left.
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const parse = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [front, back] = [parse(head), parse(tail ?? "")];
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** As inet_ntop writes it; an address of ::ffff:0:0/96 ends as IPv4. */
function formatIpv6(groups: readonly number[]): string {
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${formatIpv4(((groups[6] ?? 0) << 16) | (groups[7] ?? 0))}`;
  const text = groups.map((group) => group.toString(16)).join(":");
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
