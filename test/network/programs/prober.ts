/**
 * A client in a network namespace, told what to do by lines of JSON on its standard input:
 * `{id, op, …}`; it answers `{id, value}` or `{id, error}` on its standard output. It ends with its
 * input. An outcome is what was received, without a newline at its end, or a word for what went
 * wrong: REFUSED, TIMEOUT, RESET, or the system's code.
 */
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

interface Target {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs?: number;
  readonly localPort?: number;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "REFUSED",
  ETIMEDOUT: "TIMEOUT",
  ECONNRESET: "RESET",
  EPIPE: "RESET",
};
const sessions = new Map<number, Session>();
let lastSession = 0;

const OPERATIONS: Readonly<Record<string, (request: never) => unknown>> = {
  /** Connects, sends `send`, reads to the end. */
  tcp: (request: Target & { send?: string }) => askTcp(request),
  /** `count` connections, `concurrency` at a time, to each port in turn: outcomes' first words. */
  spread: (request: Spread) => spread(request),
  /** New connections at `rate` a second, `maxOpen` at a time, until `endLoad`. */
  load: (request: Load) => load(request),
  endLoad: () => void (loads.running = false),
  udp: (request: Target & { send: string }) => askUdp(request),
  http: (request: { url: string; method?: string; body?: string }) => askHttp(request),
  /** Sends `bytes` bytes to an echo and compares. */
  bulk: (request: Target & { bytes: number }) => bulk(request),
  open: (request: Target) => openSession(request),
  say: (request: { session: number; text: string }) =>
    sessions.get(request.session)?.say(request.text),
  finish: (request: { session: number }) => sessions.get(request.session)?.finish(),
  outcome: (request: { session: number }) => sessions.get(request.session)?.outcome(),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const request = JSON.parse(line) as { id: number; op: string };
    const operation = OPERATIONS[request.op];
    Promise.resolve()
      .then(() => operation?.(request as never))
      .then((value) => answer({ id: request.id, value }))
      .catch((error: Error) => answer({ id: request.id, error: error.stack ?? error.message }));
  })
  .on("close", () => process.exit(0));

function answer(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function askTcp(target: Target & { send?: string }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = openTcp(target);
  let text = "";
  const timer = setTimeout(() => {
    socket.destroy();
    resolve("TIMEOUT");
  }, target.timeoutMs ?? 2_000);
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  socket.on("connect", () => target.send !== undefined && socket.write(target.send));
  socket.on("end", () => {
    socket.end();
    resolve(text.trimEnd());
  });
  socket.on("error", (error) => resolve(wordOf(error)));
  return promise.finally(() => clearTimeout(timer));
}

interface Spread {
  readonly host: string;
  readonly ports: readonly number[];
  readonly count: number;
  readonly concurrency: number;
}

async function spread({
  host,
  ports,
  count,
  concurrency,
}: Spread): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const target = { host, port: ports[left % ports.length] ?? 0, timeoutMs: 20_000 };
      const [word = "NOTHING"] = (await askTcp(target)).split(" ");
      counts[word] = (counts[word] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return counts;
}

const loads = { running: false };

interface Load extends Target {
  readonly rate: number;
  readonly maxOpen: number;
}

/** A slow answer keeps the next connection from being made only when `maxOpen` are waiting. */
async function load(request: Load): Promise<object> {
  const outcomes: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  const count = (outcome: string): void => {
    const [word = ""] = outcome.split(" ");
    const kind = /^[A-Z]+$/.test(word) ? word : word === "" ? "EMPTY" : "ok";
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
  };
  const begun = performance.now();
  loads.running = true;
  for (let sent = 0; loads.running;) {
    const due = ((performance.now() - begun) * request.rate) / 1_000;
    for (; sent < due; sent++) {
      if (running.size >= request.maxOpen) continue;
      const one = askTcp(request).then(count);
      running.add(one);
      void one.finally(() => running.delete(one));
    }
    await delay(2);
  }
  await Promise.all(running);
  const seconds = (performance.now() - begun) / 1_000;
  return { seconds, outcomes };
}

function askUdp({
  host,
  port,
  localPort,
  send,
  timeoutMs = 1_000,
}: Target & { send: string }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const timer = setTimeout(() => resolve("TIMEOUT"), timeoutMs);
  socket.on("error", (error) => resolve(wordOf(error)));
  socket.on("message", (datagram) => resolve(datagram.toString().trimEnd()));
  socket.bind(localPort ?? 0, () => {
    socket.connect(port, host, () =>
      socket.send(send, (error) => error !== null && resolve(wordOf(error))),
    );
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

async function askHttp({
  url,
  method = "GET",
  body,
}: {
  url: string;
  method?: string;
  body?: string;
}): Promise<{ status: number; headers: object; body: string }> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(5_000),
    headers: { connection: "close" },
    ...(body !== undefined && { body }),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: (await response.text()).trimEnd(),
  };
}

async function bulk({ bytes, ...target }: Target & { bytes: number }): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = openTcp(target);
  const sent = Buffer.alloc(bytes, "0123456789abcdef");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("end", () => resolve(Buffer.concat(chunks).equals(sent) ? "EQUAL" : "DIFFERENT"));
  socket.on("error", (error) => resolve(wordOf(error)));
  socket.end(sent);
  return promise;
}

/** A connection that is used step by step. */
interface Session {
  /** Sends a text and gives what comes back, or how the connection has ended. */
  say(text: string): Promise<string>;
  /** Ends this side and gives all that still comes. */
  finish(): Promise<string>;
  /** How the connection ends: END or a word. */
  outcome(): Promise<string>;
}

async function openSession(target: Target): Promise<{ session?: number; outcome?: string }> {
  const socket = openTcp(target);
  const ended = Promise.withResolvers<string>();
  let waiting: ((text: string) => void) | undefined;
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    received += text;
    waiting?.(text);
  });
  socket.on("end", () => ended.resolve("END"));
  socket.on("error", (error) => ended.resolve(wordOf(error)));
  const connected = new Promise<string>((resolve) => socket.on("connect", () => resolve("")));
  const failed = await Promise.race([connected, ended.promise, timeOut(target.timeoutMs)]);
  if (failed !== "") {
    socket.destroy();
    return { outcome: failed };
  }
  const session = ++lastSession;
  sessions.set(session, {
    say: (text) => {
      const reply = new Promise<string>((resolve) => (waiting = resolve));
      socket.write(text);
      return Promise.race([reply, ended.promise, timeOut(5_000)]);
    },
    finish: async () => {
      received = "";
      socket.end();
      await Promise.race([ended.promise, timeOut(5_000)]);
      return received;
    },
    outcome: () => Promise.race([ended.promise, timeOut(10_000)]),
  });
  return { session };
}

async function timeOut(ms = 5_000): Promise<string> {
  await delay(ms, undefined, { ref: false });
  return "TIMEOUT";
}

function openTcp({ host, port, localPort }: Target): Socket {
  return connect({
    host,
    port,
    noDelay: true,
    allowHalfOpen: true,
    autoSelectFamily: false,
    ...(localPort !== undefined && { localPort }),
  });
}

function wordOf(error: Error): string {
  const { code = error.message } = error as NodeJS.ErrnoException;
  return WORDS[code] ?? code;
}
