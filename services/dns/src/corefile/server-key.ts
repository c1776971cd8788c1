import { nameOctets, MAX_NAME_OCTETS, splitName, toAbsolute } from "@kubehop/dns-wire";
import { CorefileError } from "./corefile-error.ts";
import { reverseZones } from "./reverse-zones.ts";
import type { Token } from "./lexer.ts";

/** How queries come in: plain, or over TLS (RFC 7858). */
export type Transport = "dns" | "tls";

/** What a server block answers for: a zone on a port. */
export interface ServerKey {
  /** Lower case, with its final dot. */
  readonly zone: string;
  readonly port: number;
  readonly transport: Transport;
}

const TLS_PORT = 853;

/**
 * Reads `[dns://|tls://]ZONE[:PORT]`; a CIDR as zone becomes its reverse zones. Throws CorefileError for
 * another transport, a port that is none or a zone that is no name.
 */
export function parseServerKey(token: Token, defaultPort: number): ServerKey[] {
  const { transport, rest } = splitTransport(token);
  const { zone, port } = splitPort(rest);
  const number = port === undefined ? portOf(transport, defaultPort) : Number(port);
  if (number > 65_535) throw new CorefileError(token, `"${port}" is not a port from 0 to 65535`);
  return parseZones(token, zone).map((name) => ({ zone: name, port: number, transport }));
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

function splitTransport(token: Token): { transport: Transport; rest: string } {
  const match = /^([a-z0-9]+):\/\/(.*)$/.exec(token.text);
  if (match === null) return { transport: "dns", rest: token.text };
  const [, scheme, rest] = match as unknown as [string, string, string];
  if (scheme === "dns" || scheme === "tls") return { transport: scheme, rest };
  const expected = "expected dns:// or tls://";
  throw new CorefileError(token, `the transport ${scheme}:// is not served; ${expected}`);
}

/** A configured port 0, which tests use, takes a free one for every transport. */
function portOf(transport: Transport, defaultPort: number): number {
  return transport === "dns" || defaultPort === 0 ? defaultPort : TLS_PORT;
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
