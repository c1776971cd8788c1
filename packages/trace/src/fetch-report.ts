import type { HopAddress } from "@kubehop/api";

/** What `sample-app fetch --json` prints of one request; its own file is the reference. */
export interface FetchReport {
  readonly url: string;
  readonly resolvConf: {
    readonly nameservers: readonly string[];
    readonly search: readonly string[];
    readonly ndots: number;
  };
  /** Addresses from /etc/hosts; then nothing is asked. */
  readonly hostsFile?: readonly string[];
  readonly queries: readonly FetchQuery[];
  readonly failedConnections: readonly FetchFailedConnection[];
  readonly connection?: FetchConnection;
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly body: string;
    readonly truncated: boolean;
    readonly ms: number;
  };
  readonly error?: {
    readonly step: "dns" | "connect" | "http";
    readonly reason: string;
    readonly message: string;
  };
}

/** One DNS query that was sent. */
export interface FetchQuery {
  /** Unix ms. */
  readonly time: number;
  readonly protocol: "UDP" | "TCP";
  readonly local: HopAddress;
  readonly server: HopAddress;
  readonly name: string;
  readonly type: string;
  readonly rcode?: string;
  readonly error?: string;
  readonly answers: readonly string[];
  readonly ttl?: number;
  readonly truncated: boolean;
  readonly ms: number;
}

/** The TCP connection that the request went over. */
export interface FetchConnection {
  readonly time: number;
  readonly local: HopAddress;
  readonly remote: HopAddress;
  readonly connectMs: number;
}

/** A connection that failed. */
export interface FetchFailedConnection {
  readonly remote: HopAddress;
  readonly error: string;
  readonly ms: number;
}
