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

/** The upstreams an argument names: one address, or those of a resolv.conf. Throws CorefileError. */
export function parseUpstreams(token: Token, folder: string): UpstreamAddress[] {
  const { text } = token;
  const address = parseAddress(text);
  if (address !== undefined) return [address];
  if (/^[a-z0-9]+:\/\//.test(text)) {
    const expected = "expected [dns://|tls://]IP[:PORT]";
    throw new CorefileError(token, `"${text}" is no upstream; ${expected}`);
  }
  const path = isAbsolute(text) ? text : join(folder, text);
  try {
    return nameservers(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const expected = "expected IP[:PORT] or a file like /etc/resolv.conf";
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

/** `[dns://|tls://]IP[:PORT]`, for TLS also `IP%SERVERNAME`. */
function parseAddress(text: string): UpstreamAddress | undefined {
  const tls = text.startsWith("tls://");
  const [bare = "", serverName] = text.replace(/^(?:dns|tls):\/\//, "").split(tls ? "%" : "\0");
  const place = splitPort(bare) ?? { ip: bare, port: tls ? TLS_PORT : DNS_PORT };
  if (isIP(place.ip) === 0 || place.port > 65_535 || place.port === 0) return undefined;
  return { ...place, tls, ...(serverName === undefined ? {} : { serverName }) };
}

/** `[IPV6]:PORT` or `IPV4:PORT`; undefined without a port. */
function splitPort(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  return match === null ? undefined : { ip: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}
