import { Packet } from "dns2";

/** The record types a look-up may ask for; one of addresses asks for A and AAAA. */
export const RECORD_TYPES = ["A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "MX", "NS", "SOA"] as const;
/** One of RECORD_TYPES. */
export type RecordType = (typeof RECORD_TYPES)[number];

/** One end of a socket. */
export interface SocketAddress {
  readonly ip: string;
  readonly port: number;
}

/** One query that was really sent, and what came back. */
export interface QueryRecord {
  /** When it was sent, unix ms. */
  readonly time: number;
  readonly protocol: "UDP" | "TCP";
  readonly local: SocketAddress;
  readonly server: SocketAddress;
  readonly name: string;
  readonly type: RecordType;
  /** NOERROR, NXDOMAIN, SERVFAIL …; absent when no answer came. */
  readonly rcode?: string;
  /** Why no answer came: "timeout", "ECONNREFUSED" … */
  readonly error?: string;
  /** Addresses, names or texts, in the order of the answer; as dig +short has them. */
  readonly answers: readonly string[];
  /** The smallest TTL of the answers in seconds. */
  readonly ttl?: number;
  /** The answer did not fit a datagram; the next record asks again by TCP. */
  readonly truncated: boolean;
  readonly ms: number;
}

/** What a response says, apart from when and where. */
export type Answer = Pick<QueryRecord, "answers" | "truncated"> & { rcode: string; ttl?: number };

/** Encodes a query for one name and type with recursion desired. Throws on a name DNS cannot carry. */
export function encodeQuery(id: number, name: string, type: RecordType): Buffer {
  const packet = new Packet();
  packet.header = new Packet.Header({ id, rd: 1 });
  packet.questions.push(new Packet.Question(name, Packet.TYPE[type], Packet.CLASS.IN));
  return packet.toBuffer();
}

/** Decodes a message if it is the response to that very query; undefined if it is anything else. */
export function decodeAnswer(
  message: Buffer,
  query: { id: number; name: string; type: RecordType },
): Answer | undefined {
  const packet = parse(message);
  const question = packet?.questions[0];
  if (!packet || packet.header.id !== query.id || packet.header.qr !== 1) return undefined;
  if (question?.name.toLowerCase() !== query.name.toLowerCase()) return undefined;
  if (question.type !== Packet.TYPE[query.type]) return undefined;
  const ttls = packet.answers.map((record) => record.ttl);
  return {
    rcode: rcodeName(packet.header.rcode),
    answers: packet.answers.map(dataOf).filter(Boolean),
    truncated: packet.header.tc === 1,
    ...(ttls.length > 0 ? { ttl: Math.min(...ttls) } : {}),
  };
}

/** A record's data as dig +short writes it, without the dots at the ends of names. */
function dataOf(record: Packet["answers"][number]): string {
  const { address, domain, ns, target, exchange, primary, data } = record;
  if (target !== undefined) return `${record.priority} ${record.weight} ${record.port} ${target}`;
  if (exchange !== undefined) return `${record.priority} ${exchange}`;
  if (primary !== undefined) {
    const { admin, serial, refresh, retry, expiration, minimum } = record;
    return [primary, admin, serial, refresh, retry, expiration, minimum].join(" ");
  }
  return address ?? domain ?? ns ?? [data ?? ""].flat().join("");
}

function parse(message: Buffer): Packet | undefined {
  try {
    return Packet.parse(message);
  } catch {
    return undefined;
  }
}

function rcodeName(code: number): string {
  const found = Object.entries(Packet.RCODE).find(([, value]) => value === code);
  return found?.[0] ?? `RCODE${code}`;
}
