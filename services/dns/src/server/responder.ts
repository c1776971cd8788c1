import {
  CLASS_IN,
  decodeQuery,
  type Edns,
  EDNS_VERSION,
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
import type { HopObserver } from "../hop-observer.ts";
import { answerLimit, echoedOptions, type Endpoint, type Query } from "../query.ts";
import { createErrorReply, type Reply } from "../reply.ts";
import { isFor, type ServedZone, type ServerTable } from "../server-table.ts";
import { judgeHeader } from "./accept.ts";
import { createWireCaches, type WireSlot } from "./wire-caches.ts";

/** A message that arrived. */
export interface Packet {
  readonly bytes: Buffer;
  readonly client: Endpoint;
  readonly protocol: "udp" | "tcp";
}

/** The octets of an answer: one message, or the messages of a zone transfer over TCP. */
export type Answer = Buffer | readonly Buffer[];

/** Gives what to send back for a packet; undefined when it deserves no answer. */
export type Responder = (packet: Packet) => MaybePromise<Answer | undefined>;

/** What a responder answers with. */
export interface ResponderOptions {
  /** The server blocks now; asked for each packet, so that a reload loses none. */
  readonly table: () => ServerTable;
  /** Where it listens. */
  readonly local: () => Endpoint;
  readonly metrics: DnsMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told of every answer, besides the plugins that asked for it. */
  readonly hops: HopObserver;
  /** Called after a defect of a plugin was logged. */
  onDefect(): void;
}

/** Above these sizes UDP answers are compressed, to stay below a fragment (CoreDNS' Scrub). */
const FRAGMENT_OCTETS = { ipv4: 1480, ipv6: 1220 } as const;

/** What metrics call the zone of a query that no block answers. */
const DROPPED_ZONE = "dropped";

/** Creates the path of a query from octets to octets (CoreDNS' core/dnsserver/server.go). */
export function createResponder(options: ResponderOptions): Responder {
  const wire = createWireCaches(options);
  return (packet) => {
    const slot = wire.open(packet);
    const ready = slot?.cache.answer(packet, slot.key, options.clock.monotonic());
    if (ready !== undefined) return ready;
    const { bytes } = packet;
    if (bytes.length < HEADER_OCTETS) return undefined;
    const header = readHeader(bytes);
    const verdict = judgeHeader(header);
    if (verdict === "ignore") return undefined;
    if (verdict !== undefined) return encodeRejection(header, verdict);
    const body = tryDecode(bytes, header);
    if (body === undefined) return encodeRejection(header, Rcode.FORMERR);
    return answer(options, { ...locate(options, packet, body, header), slot });
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

/** A query on its way, and where its answer may be kept. */
interface Asked extends Located {
  readonly slot: WireSlot | undefined;
}

/** A packet whose header and body were read. */
interface ReadQuery extends QueryBody {
  readonly header: Header;
  /** The question's name in lower case. */
  readonly name: string;
  readonly packet: Packet;
}

function locate(
  options: ResponderOptions,
  packet: Packet,
  body: QueryBody,
  header: Header,
): Located {
  const { question, edns, authorities } = body;
  const name = question.name.toLowerCase();
  const read = { header, question, edns, authorities, name, packet };
  const table = options.table();
  if (question.class !== CLASS_IN && !table.anyClass) {
    return { query: createQuery(options, read, table), block: undefined };
  }
  const accepts = table.filtered
    ? (each: ServedZone) => isFor(each, createQuery(options, read, table, each))
    : acceptAll;
  const served = table.find(name, question.type, accepts);
  const block = served?.handler === undefined ? undefined : served;
  return { query: createQuery(options, read, table, block), block };
}

function createQuery(
  { clock, local }: ResponderOptions,
  { header, question, edns, authorities, name, packet }: ReadQuery,
  { server, dispatch }: ServerTable,
  block?: ServedZone,
): Query {
  return {
    id: header.id,
    flags: header.flags,
    opcode: header.opcode,
    question,
    name,
    edns: edns === undefined ? undefined : limitSize(edns, block?.bufferSize),
    authorities,
    protocol: packet.protocol,
    client: packet.client,
    local: local(),
    size: packet.bytes.length,
    startedAt: clock.monotonic(),
    server,
    zone: block?.zone ?? DROPPED_ZONE,
    view: block?.view ?? "",
    metadata: block?.metadata,
    observers: [],
    depth: 0,
    dispatch,
  };
}

function acceptAll(): true {
  return true;
}

/** Lowers the size a client takes to the block's; the answer's OPT tells it so (`bufsize`). */
function limitSize(edns: Edns, most: number | undefined): Edns {
  return most === undefined || edns.udpSize <= most ? edns : { ...edns, udpSize: most };
}

function answer(options: ResponderOptions, asked: Asked): MaybePromise<Answer | undefined> {
  const { query, block } = asked;
  if (query.edns !== undefined && query.edns.version !== EDNS_VERSION) {
    return finish(options, asked, createErrorReply(Rcode.BADVERS));
  }
  if (block?.handler === undefined) {
    query.observers.push(options.metrics.observeQuery);
    return finish(options, asked, createErrorReply(Rcode.REFUSED));
  }
  try {
    const reply = block.handler(query);
    if (!(reply instanceof Promise)) return finish(options, asked, reply);
    return reply.then(
      (value) => finish(options, asked, value),
      (error: unknown) => finish(options, asked, replyToError(options, error)),
    );
  } catch (error) {
    return finish(options, asked, replyToError(options, error));
  }
}

/** A plugin's error is told by the `errors` plugin; any other is a defect and is logged here. */
function replyToError(options: ResponderOptions, error: unknown): Reply {
  if (!(error instanceof PluginError)) {
    const { metrics, logger } = options;
    metrics.panics.inc();
    logger.error({ err: error }, "a plugin failed unexpectedly; the client got SERVFAIL");
    options.onDefect();
  }
  return createErrorReply(rcodeOf(error));
}

function finish(options: ResponderOptions, asked: Asked, reply: Reply): Answer | undefined {
  const { query, slot } = asked;
  if (reply.dropped === true) {
    tell(options, query, reply, 0);
    return undefined;
  }
  let sent = reply;
  let bytes: Buffer;
  try {
    bytes = encodeReply(query, reply);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    sent = replyToError(options, error);
    bytes = encodeReply(query, sent);
  }
  if (sent.more !== undefined) return finishTransfer(options, query, { sent, first: bytes });
  tell(options, query, sent, bytes.length);
  slot?.cache.keep(slot.key, { query, reply: sent, bytes });
  return bytes;
}

/** The messages after the first have the same header and only answers (RFC 5936 §2.2). */
function finishTransfer(
  options: ResponderOptions,
  query: Query,
  { sent, first }: { sent: Reply; first: Buffer },
): Buffer[] {
  const rest = (sent.more ?? []).map((answers) => encodeReply(query, { ...sent, answers }));
  const octets = rest.reduce((sum, { length }) => sum + length, first.length);
  tell(options, query, sent, octets);
  return [first, ...rest];
}

function tell(options: ResponderOptions, query: Query, reply: Reply, octets: number): void {
  for (const observer of query.observers) observer(query, reply, octets);
  options.hops.observe(query, reply, octets);
}

function encodeReply(query: Query, reply: Reply): Buffer {
  const { rcode, answers, authorities, additionals } = reply;
  const echoed = query.flags & (Flag.RD | Flag.CD) & ~(reply.cleared ?? 0);
  const message: Message = {
    id: query.id,
    flags: Flag.QR | reply.flags | echoed,
    opcode: query.opcode,
    rcode,
    questions: [query.question],
    answers,
    authorities,
    additionals,
  };
  return encodeMessage(
    query.edns === undefined ? message : { ...message, edns: answerEdns(query, query.edns, reply) },
    {
      maxOctets: answerLimit(query),
      ...(query.protocol === "udp" ? { compressAbove: fragmentLimit(query.client.ip) } : {}),
    },
  );
}

/**
 * OPT goes back as it came: size and DO bit echoed, known options only, unless the reply has
 * options of its own (CoreDNS' SizeAndDo).
 */
function answerEdns(query: Query, edns: Edns, reply: Reply): Edns {
  return { ...edns, version: EDNS_VERSION, options: reply.options ?? echoedOptions(query) };
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
