import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import {
  CLASS_IN,
  createFrameReader,
  type Edns,
  encodeMessage,
  Flag,
  frameMessage,
  type Message,
  type ResourceRecord,
} from "@kubehop/dns-wire";
import { createLogger, createMetrics, createRandom, systemClock } from "@kubehop/kit";
import { build, type DnsServer } from "../app.ts";
import type { ClusterSource } from "../cluster/cluster-source.ts";
import { decodeAnswer } from "./answer-decoders.ts";

/** A server under test on 127.0.0.1 with free ports. */
export interface DnsFixture extends AsyncDisposable {
  readonly server: DnsServer;
  readonly port: number;
  readonly folder: string;
  /** Lines logged so far, as JSON. */
  readonly log: readonly string[];
  /** How often the process would have been ended. */
  aborts(): number;
  writeCorefile(text: string): Promise<void>;
  /** Writes a file beside the Corefile. */
  writeFile(name: string, text: string): Promise<void>;
  /** The text of a metric, all series of it. */
  metric(name: string): Promise<string>;
}

/** What a server is started with; `corefile` listens on port 0 of 127.0.0.1 by `bind`. */
export interface FixtureOptions {
  readonly corefile: string;
  readonly source?: ClusterSource;
  readonly env?: Record<string, string>;
  /** `debug` unless given. */
  readonly logLevel?: string;
  /** Files beside the Corefile, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Starts the real server in this process. */
export async function startDns(options: FixtureOptions): Promise<DnsFixture> {
  const { logLevel = "debug" } = options;
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kubehop-dns-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const conf = join(folder, "Corefile");
  await writeFile(conf, options.corefile);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const log: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
  const kit = {
    name: "dns",
    logger: createLogger({ name: "dns", level: logLevel, destination }),
    metrics: createMetrics(),
    clock: systemClock,
    random: createRandom(7),
    signal: new AbortController().signal,
  };
  const config = {
    conf,
    "dns.port": 0,
    plugins: false,
    busUser: "dns",
    busPassword: "",
    logLevel,
  };
  let aborts = 0;
  const source = options.source === undefined ? {} : { source: options.source };
  const server = await build(config, kit, {
    env: options.env ?? {},
    abort: () => aborts++,
    ...source,
  });
  parts.use(server);
  const owned = parts.move();
  return {
    server,
    folder,
    log,
    aborts: () => aborts,
    port: server.addresses[0]?.port ?? 0,
    writeCorefile: (text) => writeFile(conf, text),
    async writeFile(name, text) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    },
    metric: (name) => kit.metrics.getSingleMetricAsString(name),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** How a question is asked. */
export interface AskOptions {
  readonly protocol?: "udp" | "tcp";
  readonly edns?: Partial<Edns>;
  readonly flags?: number;
  readonly class?: number;
  readonly opcode?: number;
  /** How long to wait for an answer over UDP, in ms; against a hang when absent. */
  readonly waitMs?: number;
}

/** Generous for a machine that does much else. */
const ANSWER_MS = 30_000;

/** A query as octets. */
export function queryBytes(name: string, type: string, options: AskOptions = {}): Buffer {
  const message = {
    id: 4_711,
    flags: options.flags ?? Flag.RD,
    opcode: options.opcode ?? 0,
    rcode: 0,
    questions: [{ name, type, class: options.class ?? CLASS_IN }],
    answers: [],
    authorities: [],
    additionals: [],
  };
  if (options.edns === undefined) return encodeMessage(message);
  const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [], ...options.edns };
  return encodeMessage({ ...message, edns });
}

/** Asks over UDP or TCP and decodes the answer, with two foreign decoders too. */
export async function ask(
  port: number,
  name: string,
  type: string,
  options: AskOptions = {},
): Promise<Message> {
  const bytes = queryBytes(name, type, options);
  const answer = await (options.protocol === "tcp"
    ? sendTcp(port, bytes)
    : sendUdp(port, bytes, options.waitMs));
  return decodeAnswer(answer);
}

/** Asks over UDP and over TCP, requires the same answer of both, and gives it. */
export async function askBoth(
  port: number,
  name: string,
  type: string,
  options: AskOptions = {},
): Promise<Message> {
  const bytes = queryBytes(name, type, options);
  const [overUdp, overTcp] = [await sendUdp(port, bytes), await sendTcp(port, bytes)];
  if (!overUdp.equals(overTcp)) throw new Error(`UDP and TCP differ for ${name} ${type}`);
  return decodeAnswer(overUdp);
}

/** Sends octets over UDP and gives the first datagram that comes back. */
export async function sendUdp(
  port: number,
  bytes: Buffer,
  waitMs: number = ANSWER_MS,
): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(waitMs) });
    socket.send(bytes, port, "127.0.0.1");
    const [message] = (await answer) as [Buffer];
    return message;
  } finally {
    socket.close();
  }
}

/** Sends octets as one message over TCP and gives the first message that comes back. */
export async function sendTcp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = await openTcp(port);
  try {
    const [message] = await readFrames(socket, 1, () => socket.write(frameMessage(bytes)));
    return message as Buffer;
  } finally {
    socket.destroy();
  }
}

/** Opens a TCP connection to the server. */
export async function openTcp(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/**
 * Waits until a connection is closed, in whatever way: what its client sends last may come after
 * the server has gone, which is an error for the client.
 */
export function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("error", () => undefined).once("close", () => resolve());
  socket.resume();
  return promise;
}

/** Reads messages from a stream after `send` was called. */
export async function readFrames(
  socket: Socket,
  count: number,
  send: () => void,
): Promise<Buffer[]> {
  const reader = createFrameReader();
  const frames: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("data", (chunk) => {
    frames.push(...reader.push(chunk));
    if (frames.length >= count) resolve();
  });
  socket.once("close", () => reject(new Error(`closed after ${frames.length} of ${count}`)));
  send();
  await promise;
  return frames;
}

/** Records as text, sorted: `my-api.default.svc.cluster.local. 30 A 10.96.0.50`. */
export function recordLines(records: readonly ResourceRecord[]): string[] {
  return records.map(toLine).toSorted();
}

function toLine(record: ResourceRecord): string {
  const { name, ttl, type, class: _class, ...data } = record;
  return [name, ttl, type, ...Object.values(data).flat()].join(" ");
}
