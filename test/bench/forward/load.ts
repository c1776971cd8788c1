import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";
import type { LoadRequest, LoadResult } from "./forward-processes.ts";

/**
 * The load generator of forward.ts, a process of its own: takes one request at a time, puts load
 * on an address for its seconds, and answers what it counted.
 */
const REQUEST = Buffer.from("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
const REPLY_BYTES = Buffer.byteLength("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");

process.on("disconnect", () => process.exit());
process.on("message", (request: LoadRequest) => {
  void measure(request).then((result) => process.send?.(result));
});

async function measure(request: LoadRequest): Promise<LoadResult> {
  const latency = createHistogram();
  const state: LoadState = { request, endAt: performance.now() + request.seconds * 1_000, latency };
  const lanes = Array.from({ length: request.connections }, () =>
    request.kind === "keep-alive" ? keepAlive(state) : newConnections(state),
  );
  const startedAt = performance.now();
  await Promise.all(lanes);
  return {
    perSecond: latency.count / ((performance.now() - startedAt) / 1_000),
    p50Us: latency.percentile(50) / 1_000,
    p99Us: latency.percentile(99) / 1_000,
    errors: state.errors ?? 0,
    count: latency.count,
  };
}

interface LoadState {
  readonly request: LoadRequest;
  readonly endAt: number;
  readonly latency: ReturnType<typeof createHistogram>;
  errors?: number;
}

/** Requests one after the other on one connection. */
async function keepAlive(state: LoadState): Promise<void> {
  const socket = open(state);
  while (performance.now() < state.endAt) {
    const startedAt = performance.now();
    if (!(await exchange(socket))) {
      state.errors = (state.errors ?? 0) + 1;
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
    else state.errors = (state.errors ?? 0) + 1;
  }
}

function open({ request }: LoadState): Socket {
  return connect({ host: request.ip, port: request.port, noDelay: true });
}

/** Sends a request and waits for the whole reply; false when the connection broke. */
function exchange(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let missing = REPLY_BYTES;
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
