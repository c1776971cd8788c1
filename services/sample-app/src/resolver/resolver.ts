import { isIP } from "node:net";
import { exchange, exchangeTcp } from "./exchange.ts";
import { searchCandidates } from "./resolv-conf.ts";
import type { RecordType, QueryRecord, SocketAddress } from "./dns-query.ts";
import type { ResolvConf } from "./resolv-conf.ts";

const DNS_PORT = 53;
const BOTH_FAMILIES: readonly RecordType[] = ["A", "AAAA"];
const FAMILIES: ReadonlySet<string> = new Set(BOTH_FAMILIES);

/** Why a look-up found nothing; the words of getaddrinfo(3) without their EAI_. */
type LookupFailure = "NXDOMAIN" | "NODATA" | "SERVFAIL" | "TIMEOUT" | "REFUSED";

/** A finished look-up: every query sent, in order, and what was found or why there is nothing. */
export interface Lookup {
  readonly queries: readonly QueryRecord[];
  /** The candidate that had an answer. */
  readonly name?: string;
  /** What was found: addresses, IPv4 first, or the data of the type that was asked for. */
  readonly addresses: readonly string[];
  readonly failure?: LookupFailure;
}

interface LookupOptions {
  /** Unix ms after which nothing more is asked. */
  deadline: number;
  /** The DNS port; other than 53 only in tests. */
  port?: number;
  /** What is asked for; default A and AAAA. */
  types?: readonly RecordType[];
}

/**
 * Looks a host name up as glibc's getaddrinfo does: the search list by ndots, A and AAAA together,
 * servers in order for `attempts` rounds. Other types go the way of res_search(3). NXDOMAIN, NODATA and SERVFAIL go on to the next
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
    const outcome = judge(records, options.types ?? BOTH_FAMILIES);
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
  { deadline, port = DNS_PORT, types = BOTH_FAMILIES }: LookupOptions,
): Promise<QueryRecord[]> {
  const all: QueryRecord[] = [];
  const ask = conf.useTcp ? exchangeTcp : exchange;
  for (let round = 0; round < conf.attempts; round += 1) {
    for (const ip of conf.nameservers) {
      const server: SocketAddress = { ip, port };
      const timeoutMs = Math.min(conf.timeout * 1_000, deadline - Date.now());
      if (timeoutMs <= 0) return all;
      const records = await ask({ name, types, server, timeoutMs });
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

/** A CNAME beside addresses leads to them and is none of them. */
function judge(
  records: readonly QueryRecord[],
  types: readonly RecordType[],
): { addresses: string[]; failure?: LookupFailure } {
  const wantsAddresses = types.every((type) => FAMILIES.has(type));
  const answers = records.flatMap((record) => record.answers);
  const addresses = answers.filter((text) => !wantsAddresses || isIP(text) !== 0);
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
