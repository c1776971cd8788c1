import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";
import type { LoadRequest, LoadResult } from "./programs.ts";
import { REPLY, REQUEST, STREAM_BYTE } from "./wire.ts";

/**
 * The load generator, a process of its own: takes one request at a time, puts load on an address
 * for its seconds, and answers what it counted.
 */
const STREAM_CHUNK: Buffer = Buffer.alloc(256 * 1024, STREAM_BYTE);
const DATAGRAM: Buffer = Buffer.alloc(100, "u");
/** A datagram that is lost is sent again. */
const RESEND_MS = 250;
const OPENING_AT_ONCE = 128;

/** Connections that "hold" leaves open, until it is asked for none or another load is. */
const held: Socket[] = [];

process.on("disconnect", () => process.exit());
process.on("message", (request: LoadRequest) => {
  void measure(request).then((result) => process.send?.(result));
});

interface LoadState {
  readonly request: LoadRequest;
  readonly endAt: number;
  readonly latency: ReturnType<typeof createHistogram>;
  errors: number;
  bytes: number;
}

type Lane = (state: LoadState, index: number) => Promise<void>;

const LANES: Readonly<Record<LoadRequest["kind"], Lane>> = {
  "keep-alive": keepAlive,
  "new-connection": newConnections,
  stream,
  datagrams,
  hold,
};

async function measure(request: LoadRequest): Promise<LoadResult> {
  if (request.kind !== "hold" || request.connections === 0) {
    for (const socket of held.splice(0)) socket.resetAndDestroy();
  }
  const latency = createHistogram();
  const endAt = performance.now() + request.seconds * 1_000;
  const state: LoadState = { request, endAt, latency, errors: 0, bytes: 0 };
  const lanes = request.kind === "hold" ? OPENING_AT_ONCE : request.connections;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: lanes }, (_, index) => LANES[request.kind](state, index)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { count } = latency;
  return {
    perSecond: count / seconds,
    gbitPerSecond: (state.bytes * 8) / seconds / 1e9,
    p50Us: count === 0 ? 0 : latency.percentile(50) / 1_000,
    p99Us: count === 0 ? 0 : latency.percentile(99) / 1_000,
    errors: state.errors,
    count,
  };
}

/** Requests one after the other on one connection. */
async function keepAlive(state: LoadState): Promise<void> {
  const socket = open(state);
  while (performance.now() < state.endAt) {
    const startedAt = performance.now();
    if (!(await exchange(socket))) {
      state.errors += 1;
      break;
    }
    record(state, startedAt);
  }
  socket.destroy();
}

/** A new connection for each request, one after the other. */
async function newConnections(state: LoadState): Promise<void> {
  while (performance.now() < state.endAt) {
    const startedAt = performance.now();
    const socket = open(state);
    const answered = await exchange(socket);
    socket.destroy();
    if (answered) record(state, startedAt);
    else state.errors += 1;
  }
}

/** As many bytes as go through one connection. */
async function stream(state: LoadState): Promise<void> {
  const socket = open(state);
  socket.on("error", () => (state.errors += 1));
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, state.request.seconds * 1_000);
  const fill = (): void => {
    while (socket.writable && socket.write(STREAM_CHUNK))
      if (performance.now() > state.endAt) return;
  };
  socket.on("drain", fill);
  fill();
  await promise;
  clearTimeout(timer);
  state.bytes = socket.bytesWritten - socket.writableLength;
  socket.destroy();
}

/** Datagrams to and fro, each sent when the one before has come back. */
async function datagrams(state: LoadState): Promise<void> {
  const { request, endAt } = state;
  const socket: UdpSocket = createSocket({
    type: "udp4",
    lookup: (host, _options, callback) => callback(null, host, 4),
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  let sentAt = 0;
  const send = (): void => {
    sentAt = performance.now();
    socket.send(DATAGRAM, () => {});
  };
  socket.on("error", () => (state.errors += 1));
  socket.on("message", () => {
    record(state, sentAt);
    if (performance.now() < endAt) send();
  });
  socket.connect(request.port, request.ip, send);
  const timer = setInterval(() => {
    if (performance.now() >= endAt) return resolve();
    if (performance.now() - sentAt < RESEND_MS) return;
    state.errors += 1;
    send();
  }, RESEND_MS / 10);
  await promise;
  clearInterval(timer);
  socket.close();
}

/** Opens its share of the connections, each with one exchange, and leaves them open. */
async function hold(state: LoadState, index: number): Promise<void> {
  for (let n = index; n < state.request.connections; n += OPENING_AT_ONCE) {
    const startedAt = performance.now();
    const socket = open(state);
    held.push(socket);
    if (await exchange(socket)) record(state, startedAt);
    else state.errors += 1;
  }
}

function open({ request }: LoadState): Socket {
  return connect({ host: request.ip, port: request.port, noDelay: true });
}

/** Sends a request and waits for the whole reply; false when the connection broke. */
function exchange(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let missing = REPLY.length;
  const onData = (chunk: Buffer): void => {
    missing -= chunk.length;
    if (missing <= 0) done(true);
  };
  const onBreak = (): void => done(false);
  const done = (answered: boolean): void => {
    socket.off("data", onData).off("error", onBreak).off("close", onBreak);
    socket.on("error", () => {});
    resolve(answered);
  };
  socket.removeAllListeners("error").on("error", onBreak).on("close", onBreak).on("data", onData);
  socket.write(REQUEST);
  return promise;
}

function record({ latency }: LoadState, startedAt: number): void {
  latency.record(Math.max(1, Math.round((performance.now() - startedAt) * 1e6)));
}
