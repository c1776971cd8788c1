import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectTcp, isIPv6 } from "node:net";
import { decodeAnswer, encodeQuery } from "./dns-query.ts";
import type { RecordType, Answer, QueryRecord, SocketAddress } from "./dns-query.ts";

const ID_SPACE = 0x10000;
const LENGTH_OCTETS = 2;

/** What to ask, whom, and for how long. */
export interface ExchangeOptions {
  name: string;
  types: readonly RecordType[];
  server: SocketAddress;
  timeoutMs: number;
}

interface Pending {
  id: number;
  name: string;
  type: RecordType;
}

/**
 * Asks one server for all `types` of a name by UDP, at the same time from one connected socket as
 * glibc does, and again by TCP for each truncated answer. Never rejects for what the network or
 * the server does: every query sent becomes a record. Throws on a name DNS cannot carry.
 */
export async function exchange(options: ExchangeOptions): Promise<QueryRecord[]> {
  const records = await exchangeUdp(options);
  const again = records.filter((record) => record.truncated).map((record) => record.type);
  if (again.length === 0) return records;
  return [...records, ...(await exchangeTcp({ ...options, types: again }))];
}

/** The same by TCP alone, one connection for each query. */
export function exchangeTcp(options: ExchangeOptions): Promise<QueryRecord[]> {
  return Promise.all(options.types.map((type) => queryTcp(options, type)));
}

async function exchangeUdp(options: ExchangeOptions): Promise<QueryRecord[]> {
  const { server, timeoutMs } = options;
  const pending = options.types.map((type) => newQuery(options.name, type));
  const messages = pending.map(({ id, name, type }) => encodeQuery(id, name, type));
  const socket = createSocket(isIPv6(server.ip) ? "udp6" : "udp4");
  const record = recorder("UDP", server);
  try {
    socket.connect(server.port, server.ip);
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    record.setLocal(toAddress(socket.address()));
    return await collectAnswers(socket, pending, { record, timeoutMs, messages });
  } catch (error) {
    return pending.map((query) => record.failed(query, error));
  } finally {
    socket.close();
  }
}

/** Sends, then waits until every query has its answer, the time is over or the kernel complains. */
function collectAnswers(
  socket: ReturnType<typeof createSocket>,
  pending: readonly Pending[],
  { record, timeoutMs, messages }: { record: Recorder; timeoutMs: number; messages: Buffer[] },
): Promise<QueryRecord[]> {
  const { promise, resolve } = Promise.withResolvers<QueryRecord[]>();
  const answered = new Map<Pending, QueryRecord>();
  const finish = (error: unknown): void => {
    clearTimeout(timer);
    resolve(pending.map((query) => answered.get(query) ?? record.failed(query, error)));
  };
  const timer = setTimeout(() => finish(new Error("timeout")), timeoutMs);
  socket.on("error", finish);
  socket.on("message", (message) => {
    for (const query of pending) {
      const answer = answered.has(query) ? undefined : decodeAnswer(message, query);
      if (answer) answered.set(query, record.answered(query, answer));
    }
    if (answered.size === pending.length) finish(undefined);
  });
  // A refusal of the first datagram may be reported by the send of the second.
  for (const message of messages) socket.send(message, (error) => error && finish(error));
  return promise;
}

async function queryTcp(options: ExchangeOptions, type: RecordType): Promise<QueryRecord> {
  const { server, timeoutMs } = options;
  const query = newQuery(options.name, type);
  const message = encodeQuery(query.id, query.name, type);
  const record = recorder("TCP", server);
  const socket = connectTcp({ host: server.ip, port: server.port, noDelay: true });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, "connect", { signal });
    record.setLocal({ ip: socket.localAddress ?? "", port: socket.localPort ?? 0 });
    const length = Buffer.alloc(LENGTH_OCTETS);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
    const answer = decodeAnswer(await readMessage(socket, signal), query);
    return answer
      ? record.answered(query, { ...answer, truncated: false })
      : record.failed(query, new Error("the response does not belong to the query"));
  } catch (error) {
    return record.failed(query, signal.aborted ? new Error("timeout") : error);
  } finally {
    socket.destroy();
  }
}

/** One length-prefixed message (RFC 1035 §4.2.2), at most 64 KiB by its own length field. */
async function readMessage(socket: ReturnType<typeof connectTcp>, signal: AbortSignal) {
  signal.addEventListener("abort", () => socket.destroy(new Error("timeout")), { once: true });
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length < LENGTH_OCTETS) continue;
    const end = LENGTH_OCTETS + received.readUInt16BE(0);
    if (received.length >= end) return received.subarray(LENGTH_OCTETS, end);
  }
  throw new Error("the server closed the connection before a full response");
}

function newQuery(name: string, type: RecordType): Pending {
  return { id: randomInt(ID_SPACE), name, type };
}

interface Recorder {
  setLocal(local: SocketAddress): void;
  answered(query: Pending, answer: Answer): QueryRecord;
  failed(query: Pending, error: unknown): QueryRecord;
}

/** Stamps records with when and where; its clock starts now. */
function recorder(protocol: "UDP" | "TCP", server: SocketAddress): Recorder {
  const time = Date.now();
  const started = performance.now();
  let local: SocketAddress = { ip: "", port: 0 };
  const common = ({ name, type }: Pending) => {
    const ms = Math.round((performance.now() - started) * 1_000) / 1_000;
    return { time, protocol, local, server, name, type, ms };
  };
  return {
    setLocal: (address) => void (local = address),
    answered: (query, answer) => ({ ...common(query), ...answer }),
    failed: (query, error) => ({
      ...common(query),
      error: errorText(error),
      answers: [],
      truncated: false,
    }),
  };
}

function toAddress(bound: { address: string; port: number }): SocketAddress {
  return { ip: bound.address, port: bound.port };
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error.message;
}
