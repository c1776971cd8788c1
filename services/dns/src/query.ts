import {
  type Edns,
  type EdnsOption,
  EdnsOptionCode,
  type Question,
  type ResourceRecord,
} from "@kubehop/dns-wire";
import type { Handler } from "./chain.ts";
import type { Reply } from "./reply.ts";

/** One end of a flow. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** Called once the answer is on its way; `octets` is its length. Must not throw. */
export interface Observer {
  (query: Query, reply: Reply, octets: number): void;
  /** Prepares for the same answer to the same question again; absent: it has to see every query. */
  again?(query: Query, reply: Reply, octets: number): Recount;
}

/** Called for a further use of an answer with the time at which the query was read (monotonic ms). */
export type Recount = (startedAt: number) => void;

/** The value of a label like `kubernetes/client-namespace`; undefined when it has none. */
export type MetadataReader = (query: Query, label: string) => string | undefined;

/** A query on its way through a server block's plugins. */
export interface Query {
  readonly id: number;
  /** The header's bits (`Flag` of dns-wire). */
  readonly flags: number;
  readonly opcode: number;
  /** As the client wrote it; answers echo its case. */
  readonly question: Question;
  /** The question's name in lower case. */
  readonly name: string;
  readonly edns: Edns | undefined;
  /** The query's authority section, which IXFR uses; undefined for the usual query. */
  readonly authorities: readonly ResourceRecord[] | undefined;
  readonly protocol: "udp" | "tcp";
  readonly client: Endpoint;
  /** Where it arrived; the listener's address, which may be a wildcard. */
  readonly local: Endpoint;
  /** Octets of the query. */
  readonly size: number;
  /** Monotonic ms at which it was read. */
  readonly startedAt: number;
  /** The listener, as metrics name it: `dns://:53`. */
  readonly server: string;
  /** The zone of the server block that answers. */
  readonly zone: string;
  /** The name of that block's `view`; empty without one. */
  readonly view: string;
  /** What plugins of the block tell about a query; undefined without the `metadata` plugin. */
  readonly metadata: MetadataReader | undefined;
  /** Plugins that want to know the outcome put themselves here. */
  readonly observers: Observer[];
  /** How many names stand between this and the client's own. */
  readonly depth: number;
  /** Resolves another name through this listener's server blocks. */
  readonly dispatch: Handler;
}

/** Names looked up on behalf of one query; more means that they lead in a circle. */
const MAX_DEPTH = 8;

/**
 * A query for another name on behalf of this one, for `query.dispatch`; undefined when that would
 * be the ninth in a row.
 */
export function deriveQuery(query: Query, name: string, type: string): Query | undefined {
  if (query.depth >= MAX_DEPTH) return undefined;
  return {
    ...query,
    depth: query.depth + 1,
    question: { name, type, class: query.question.class },
    name: name.toLowerCase(),
    observers: [],
  };
}

const ECHOED_OPTIONS: ReadonlySet<number> = new Set(Object.values(EdnsOptionCode));
const NO_OPTIONS: readonly EdnsOption[] = [];

/** The client's options that a server may send back (CoreDNS' supportedOptions). */
export function echoedOptions({ edns }: Pick<Query, "edns">): readonly EdnsOption[] {
  if (edns === undefined || edns.options.length === 0) return NO_OPTIONS;
  return edns.options.filter(({ code }) => ECHOED_OPTIONS.has(code));
}

/** The most octets the client takes: 512 over UDP unless EDNS says more (RFC 6891 §6.2.3). */
export function answerLimit(query: Query): number {
  if (query.protocol === "tcp") return 65_535;
  return Math.max(512, query.edns?.udpSize ?? 512);
}

/** 1 for a client over IPv4, 2 over IPv6, as CoreDNS' metrics count families. */
export function addressFamily(query: Query): "1" | "2" {
  return query.client.ip.includes(":") ? "2" : "1";
}
