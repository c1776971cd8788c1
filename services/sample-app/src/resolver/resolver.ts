import { isIP } from "node:net";
import { exchange, exchangeTcp } from "./exchange.ts";
import { searchCandidates } from "./resolv-conf.ts";
import type { AddressType, QueryRecord, SocketAddress } from "./dns-query.ts";
import type { ResolvConf } from "./resolv-conf.ts";

const DNS_PORT = 53;
const BOTH_FAMILIES: readonly AddressType[] = ["A", "AAAA"];

/** Why a look-up gave no address; the words of getaddrinfo(3) without their EAI_. */
type LookupFailure = "NXDOMAIN" | "NODATA" | "SERVFAIL" | "TIMEOUT" | "REFUSED";

/** A finished look-up: every query sent, in order, and the addresses or why there are none. */
export interface Lookup {
  readonly queries: readonly QueryRecord[];
  /** The candidate that had an answer. */
  readonly name?: string;
  /** IPv4 first. */
  readonly addresses: readonly string[];
  readonly failure?: LookupFailure;
}

interface LookupOptions {
  /** Unix ms after which nothing more is asked. */
  deadline: number;
  /** The DNS port; other than 53 only in tests. */
  port?: number;
}

/**
 * Looks a host name up as glibc's getaddrinfo does: the search list by ndots, A and AAAA together,
 * servers in order for `attempts` rounds. NXDOMAIN, NODATA and SERVFAIL go on to the next
 * candidate; a server that cannot be reached ends the look-up.
 */
export async function lookup(
  host: string,
  conf: ResolvConf,
  options: LookupOptions,
): Promise<Lookup> {
  const queries: QueryRecord[] = [];
  let worst: LookupFailure = "NXDOMAIN";
  for (const name of searchCandidates(host, conf)) {
    const records = await askServers(name, conf, options);
    queries.push(...records);
    const outcome = judge(records);
    if (outcome.addresses.length > 0) return { queries, name, addresses: outcome.addresses };
    const failure = outcome.failure ?? "NODATA";
    if (failure === "TIMEOUT" || failure === "REFUSED") {
      return { queries, addresses: [], failure };
    }
    if (failure !== "NXDOMAIN") worst = failure;
  }
  return { queries, addresses: [], failure: worst };
}

/** One candidate: the next server, and the next round, only while none has really answered. */
async function askServers(
  name: string,
  conf: ResolvConf,
  { deadline, port = DNS_PORT }: LookupOptions,
): Promise<QueryRecord[]> {
  const all: QueryRecord[] = [];
  const ask = conf.useTcp ? exchangeTcp : exchange;
  for (let round = 0; round < conf.attempts; round += 1) {
    for (const ip of conf.nameservers) {
      const server: SocketAddress = { ip, port };
      const timeoutMs = Math.min(conf.timeout * 1_000, deadline - Date.now());
      if (timeoutMs <= 0) return all;
      const records = await ask({ name, types: BOTH_FAMILIES, server, timeoutMs });
      all.push(...records);
      if (records.some(isFinal)) return all;
    }
  }
  return all;
}

/** glibc tries the next server after SERVFAIL, NOTIMP and REFUSED. */
function isFinal(record: QueryRecord): boolean {
  return record.rcode === "NOERROR" || record.rcode === "NXDOMAIN";
}

function judge(records: readonly QueryRecord[]): {
  addresses: string[];
  failure?: LookupFailure;
} {
  const addresses = records.flatMap((record) => record.answers).filter((text) => isIP(text) !== 0);
  if (addresses.length > 0) return { addresses: [...new Set(addresses)] };
  if (records.some((record) => record.rcode === "NXDOMAIN")) {
    return { addresses, failure: "NXDOMAIN" };
  }
  if (records.some((record) => record.rcode === "NOERROR")) return { addresses, failure: "NODATA" };
  if (records.some((record) => record.rcode !== undefined)) {
    return { addresses, failure: "SERVFAIL" };
  }
  const refused = records.some((record) => record.error === "ECONNREFUSED");
  return { addresses, failure: refused ? "REFUSED" : "TIMEOUT" };
}
