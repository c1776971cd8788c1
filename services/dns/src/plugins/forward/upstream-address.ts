import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { isAbsolute, join } from "node:path";
import { CorefileError } from "../../corefile/corefile-error.ts";
import type { Token } from "../../corefile/lexer.ts";
import type { Endpoint } from "../../query.ts";

const DNS_PORT = 53;
const TLS_PORT = 853;

/** An upstream as it is configured. */
export interface UpstreamAddress extends Endpoint {
  /** Reached over TLS (`tls://`). */
  readonly tls: boolean;
  /** The name its certificate must have: `tls://IP%NAME`. */
  readonly serverName?: string;
}

/** An upstream by its host name, which is looked up at the start. */
export interface UpstreamHost extends Omit<UpstreamAddress, "ip"> {
  readonly host: string;
}

/** An upstream as an argument names it. */
export type UpstreamTarget = UpstreamAddress | UpstreamHost;

/**
 * The upstreams an argument names: one address, those of a resolv.conf, or a host when there is
 * no such file. Throws CorefileError.
 */
export function parseUpstreams(token: Token, folder: string): UpstreamTarget[] {
  const { text } = token;
  const target = parseTarget(text);
  if (target !== undefined && "ip" in target) return [target];
  if (/^[a-z0-9]+:\/\//.test(text)) {
    if (target !== undefined) return [target];
    const expected = "expected [dns://|tls://]IP[:PORT] or HOST[:PORT]";
    throw new CorefileError(token, `"${text}" is no upstream; ${expected}`);
  }
  const path = isAbsolute(text) ? text : join(folder, text);
  try {
    return nameservers(readFileSync(path, "utf8"));
  } catch (error) {
    if (target !== undefined) return [target];
    const reason = error instanceof Error ? error.message : String(error);
    const expected = "expected IP[:PORT], HOST[:PORT] or a file like /etc/resolv.conf";
    throw new CorefileError(token, `"${text}" is no upstream; ${expected} (${reason})`);
  }
}

/** The `nameserver` lines of a resolv.conf; a zone index (`%eth0`) stays part of the address. */
function nameservers(text: string): UpstreamAddress[] {
  return text
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((ip) => ip !== undefined && isIP(ip.replace(/%.*/, "")) !== 0)
    .map((ip) => ({ ip: ip as string, port: DNS_PORT, tls: false }));
}

/** `[dns://|tls://]IP[:PORT]` or `HOST[:PORT]`, for TLS also `IP%SERVERNAME[:PORT]`. */
function parseTarget(text: string): UpstreamTarget | undefined {
  const tls = text.startsWith("tls://");
  const plain = text.replace(/^(?:dns|tls):\/\//, "");
  const [, named = plain, serverName, port = ""] = (tls && SERVER_NAME.exec(plain)) || [];
  const place = splitPort(named + port) ?? { ip: named, port: tls ? TLS_PORT : DNS_PORT };
  if (place.port > 65_535 || place.port === 0) return undefined;
  const rest = { port: place.port, tls, ...(serverName === undefined ? {} : { serverName }) };
  if (isIP(place.ip) !== 0) return { ip: place.ip, ...rest };
  return HOST_NAME.test(place.ip) ? { host: place.ip, ...rest } : undefined;
}

/** `IP%SERVERNAME[:PORT]`: the port is the upstream's. */
const SERVER_NAME = /^([^%]+)%([^:%]+)(:\d+)?$/;
/** Labels with dots between; the last is no number, so that it cannot be meant as an address. */
const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/i;

/** `[IPV6]:PORT` or `IPV4:PORT`; undefined without a port. */
function splitPort(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  return match === null ? undefined : { ip: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}
