import { nameOctets, MAX_NAME_OCTETS, splitName, toAbsolute } from "@kubehop/dns-wire";
import { CorefileError } from "./corefile-error.ts";
import { reverseZones } from "./reverse-zones.ts";
import type { Token } from "./lexer.ts";

/** What a server block answers for: a zone on a port. */
export interface ServerKey {
  /** Lower case, with its final dot. */
  readonly zone: string;
  readonly port: number;
}

/**
 * Reads `[dns://]ZONE[:PORT]`; a CIDR as zone becomes its reverse zones. Throws CorefileError for
 * another transport, a port that is none or a zone that is no name.
 */
export function parseServerKey(token: Token, defaultPort: number): ServerKey[] {
  const { zone, port } = splitPort(withoutScheme(token));
  const number = port === undefined ? defaultPort : Number(port);
  if (number > 65_535) throw new CorefileError(token, `"${port}" is not a port from 0 to 65535`);
  return parseZones(token, zone).map((name) => ({ zone: name, port: number }));
}

/** Reads a zone argument: a name, or a CIDR that becomes its reverse zones. */
export function parseZones(token: Token, text: string = token.text): string[] {
  if (text.includes("/")) {
    const zones = reverseZones(text);
    if (zones === undefined) throw new CorefileError(token, `"${text}" is not a CIDR`);
    return zones;
  }
  const zone = toAbsolute(text.toLowerCase());
  if (!isName(zone)) throw new CorefileError(token, `"${text}" is not a zone's name`);
  return [zone];
}

function withoutScheme(token: Token): string {
  const match = /^([a-z]+):\/\/(.*)$/.exec(token.text);
  if (match === null) return token.text;
  const [, scheme, rest] = match as unknown as [string, string, string];
  if (scheme === "dns") return rest;
  throw new CorefileError(token, `the transport ${scheme}:// is not served; expected dns://`);
}

/** A colon belongs to a port only behind the zone; an IPv6 CIDR has colons of its own. */
function splitPort(text: string): { zone: string; port: string | undefined } {
  const match = /^(.*\/\d+|[^:]*):(\d+)$/.exec(text);
  return match === null
    ? { zone: text, port: undefined }
    : { zone: match[1] ?? "", port: match[2] };
}

function isName(zone: string): boolean {
  if (zone === ".") return true;
  if (nameOctets(zone) > MAX_NAME_OCTETS) return false;
  return splitName(zone).every((label) => /^[a-z0-9_*-]{1,63}$/.test(label));
}
