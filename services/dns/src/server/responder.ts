import {
  CLASS_IN,
  decodeQuery,
  type Edns,
  EDNS_VERSION,
  EdnsOptionCode,
  encodeMessage,
  Flag,
  FormatError,
  type Header,
  HEADER_OCTETS,
  type Message,
  Opcode,
  type QueryBody,
  Rcode,
  readHeader,
} from "@kubehop/dns-wire";
import type { Clock, Logger } from "@kubehop/kit";
import { type MaybePromise, PluginError, rcodeOf } from "../chain.ts";
import type { DnsMetrics } from "../metrics.ts";
import { answerLimit, type Endpoint, type Observer, type Query } from "../query.ts";
import { createErrorReply, type Reply } from "../reply.ts";
import type { ServedZone, ServerTable } from "../server-table.ts";
import { judgeHeader } from "./accept.ts";

/** A message that arrived. */
export interface Packet {
  readonly bytes: Buffer;
  readonly client: Endpoint;
  readonly protocol: "udp" | "tcp";
}

/** Gives the octets to send back for a packet; undefined when it deserves no answer. */
export type Responder = (packet: Packet) => MaybePromise<Buffer | undefined>;

/** What a responder answers with. */
export interface ResponderOptions {
  /** The server blocks now; asked for each packet, so that a reload loses none. */
  readonly table: () => ServerTable;
  readonly metrics: DnsMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told of every answer, besides the plugins that asked for it. */
  readonly observer: Observer;
}

/** Above these sizes UDP answers are compressed, to stay below a fragment (CoreDNS' Scrub). */
const FRAGMENT_OCTETS = { ipv4: 1480, ipv6: 1220 } as const;

/** What metrics call the zone of a query that no block answers. */
const DROPPED_ZONE = "dropped";

const ECHOED_OPTIONS: ReadonlySet<number> = new Set(Object.values(EdnsOptionCode));

/** Creates the path of a query from octets to octets (CoreDNS' core/dnsserver/server.go). */
export function createResponder(options: ResponderOptions): Responder {
  return (packet) => {
    const { bytes } = packet;
    if (bytes.length < HEADER_OCTETS) return undefined;
    const header = readHeader(bytes);
    const verdict = judgeHeader(header);
    if (verdict === "ignore") return undefined;
    if (verdict !== undefined) return encodeRejection(header, verdict);
    const body = tryDecode(bytes, header);
    if (body === undefined) return encodeRejection(header, Rcode.FORMERR);
    return answer(options, createQuery(options, packet, { header, ...body }));
  };
}

function tryDecode(bytes: Buffer, header: Header): QueryBody | undefined {
  try {
    return decodeQuery(bytes, header);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** A query and the block that answers it; undefined when none does. */
interface Located {
  readonly query: Query;
  readonly block: ServedZone | undefined;
}

function createQuery(
  { table, clock }: ResponderOptions,
  { bytes, client, protocol }: Packet,
  { header, question, edns }: QueryBody & { header: Header },
): Located {
  const { server, dispatch, find, anyClass } = table();
  const name = question.name.toLowerCase();
  const served = question.class === CLASS_IN || anyClass ? find(name, question.type) : undefined;
  const block = served?.handler === undefined ? undefined : served;
  const query: Query = {
    id: header.id,
    flags: header.flags,
    opcode: header.opcode,
    question,
    name,
    edns,
    protocol,
    client,
    size: bytes.length,
    startedAt: clock.monotonic(),
    server,
    zone: block?.zone ?? DROPPED_ZONE,
    observers: [],
    depth: 0,
    dispatch,
  };
  return { query, block };
}

function answer(options: ResponderOptions, { query, block }: Located): MaybePromise<Buffer> {
  if (query.edns !== undefined && query.edns.version !== EDNS_VERSION) {
    return finish(options, query, createErrorReply(Rcode.BADVERS));
  }
  if (block?.handler === undefined) {
    query.observers.push(options.metrics.observeQuery);
    return finish(options, query, createErrorReply(Rcode.REFUSED));
  }
  try {
    const reply = block.handler(query);
    if (!(reply instanceof Promise)) return finish(options, query, reply);
    return reply.then(
      (value) => finish(options, query, value),
      (error: unknown) => finish(options, query, replyToError(options, error)),
    );
  } catch (error) {
    return finish(options, query, replyToError(options, error));
  }
}

/** A plugin's error is told by the `errors` plugin; any other is a defect and is logged here. */
function replyToError({ metrics, logger }: ResponderOptions, error: unknown): Reply {
  if (!(error instanceof PluginError)) {
    metrics.panics.inc();
    logger.error({ err: error }, "a plugin failed unexpectedly; the client got SERVFAIL");
  }
  return createErrorReply(rcodeOf(error));
}

function finish(options: ResponderOptions, query: Query, reply: Reply): Buffer {
  let sent = reply;
  let bytes: Buffer;
  try {
    bytes = encodeReply(query, reply);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    sent = replyToError(options, error);
    bytes = encodeReply(query, sent);
  }
  for (const observer of query.observers) observer(query, sent, bytes.length);
  options.observer(query, sent, bytes.length);
  return bytes;
}

function encodeReply(query: Query, reply: Reply): Buffer {
  const { rcode, answers, authorities, additionals } = reply;
  const message: Message = {
    id: query.id,
    flags: Flag.QR | reply.flags | (query.flags & (Flag.RD | Flag.CD)),
    opcode: query.opcode,
    rcode,
    questions: [query.question],
    answers,
    authorities,
    additionals,
  };
  return encodeMessage(
    query.edns === undefined ? message : { ...message, edns: answerEdns(query.edns) },
    {
      maxOctets: answerLimit(query),
      ...(query.protocol === "udp" ? { compressAbove: fragmentLimit(query.client.ip) } : {}),
    },
  );
}

/** OPT goes back as it came: size and DO bit echoed, known options only (CoreDNS' SizeAndDo). */
function answerEdns(edns: Edns): Edns {
  const options =
    edns.options.length === 0
      ? edns.options
      : edns.options.filter(({ code }) => ECHOED_OPTIONS.has(code));
  return { ...edns, version: EDNS_VERSION, options };
}

function fragmentLimit(ip: string): number {
  return ip.includes(":") ? FRAGMENT_OCTETS.ipv6 : FRAGMENT_OCTETS.ipv4;
}

/** The header sent back with a response code and nothing else (miekg/dns' serveDNS). */
function encodeRejection(header: Header, rcode: number): Buffer {
  return encodeMessage({
    id: header.id,
    flags: (header.flags | Flag.QR) & ~(Flag.AA | Flag.TC),
    opcode: rcode === Rcode.NOTIMP ? header.opcode : Opcode.QUERY,
    rcode,
    questions: [],
    answers: [],
    authorities: [],
    additionals: [],
  });
}
