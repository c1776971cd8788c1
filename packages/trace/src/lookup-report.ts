import type { FetchQuery, FetchReport } from "./fetch-report.ts";

/** What `sample-app lookup --json` prints of one look-up; its own file is the reference. */
export interface LookupReport {
  readonly question: string;
  readonly resolvConf: FetchReport["resolvConf"];
  /** Addresses from /etc/hosts; then nothing is asked. */
  readonly hostsFile?: readonly string[];
  readonly queries: readonly FetchQuery[];
  /** The candidate that had an answer. */
  readonly name?: string;
  readonly answers: readonly string[];
  /** NXDOMAIN, NODATA, SERVFAIL, TIMEOUT or REFUSED. */
  readonly failure?: string;
}
