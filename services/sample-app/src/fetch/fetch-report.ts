import type { QueryRecord, SocketAddress } from "../resolver/dns-query.ts";
import type { ResolvConf } from "../resolver/resolv-conf.ts";

/** What `fetch --json` prints: every step of one request, as far as it came. */
export interface FetchReport {
  readonly url: string;
  readonly resolvConf: ResolvConf;
  /** Addresses /etc/hosts has for the name; then nothing is asked. */
  readonly hostsFile?: readonly string[];
  /** Every DNS query sent, in order. */
  readonly queries: readonly QueryRecord[];
  /** Addresses that were tried in vain before `connection`. */
  readonly failedConnections: readonly FailedConnection[];
  readonly connection?: Connection;
  readonly response?: HttpResponse;
  /** Why there is no response. */
  readonly error?: FetchFailure;
}

/** An established TCP connection. */
export interface Connection {
  /** When connect(2) was called, unix ms. */
  readonly time: number;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly connectMs: number;
}

/** A connection that could not be made. */
export interface FailedConnection {
  readonly remote: SocketAddress;
  /** ECONNREFUSED, EHOSTUNREACH, timeout … */
  readonly error: string;
  readonly ms: number;
}

/** The HTTP answer. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** At most 64 KiB of it, as UTF-8. */
  readonly body: string;
  /** The body was longer. */
  readonly truncated: boolean;
  /** From the sent request to the last octet. */
  readonly ms: number;
}

/** Where a fetch ended. */
export interface FetchFailure {
  readonly step: "dns" | "connect" | "http";
  /** A LookupFailure, an error code such as ECONNREFUSED, or "timeout". */
  readonly reason: string;
  /** For people: what happened, to what. */
  readonly message: string;
}

/** curl's exit codes, so that scripts can treat `fetch` as they treat curl. */
export const EXIT_CODES = { dns: 6, connect: 7, timeout: 28, http: 52 } as const;
