import { createSocket, type Socket } from "node:dgram";
import { connect } from "node:net";
import { Kinds, type KubeObject, registryKey } from "@kubehop/api";
import { openRegistry } from "@kubehop/client";
import { createFrameReader, decodeMessage, Flag, frameMessage } from "@kubehop/dns-wire";
import { createRandom } from "@kubehop/kit";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespace, service } from "./testing/cluster-objects.ts";
import { ask, closed, queryBytes, recordLines } from "./testing/dns-fixture.ts";
import { type DnsProcess, startDnsProcess } from "./testing/dns-process.ts";
import { createPacketMutator } from "./testing/packet-mutations.ts";
import { startUpstream, type UpstreamFixture } from "./testing/upstream-fixture.ts";

const NAME = "my-api.default.svc.cluster.local.";
const ANSWER = /^my-api\.default\.svc\.cluster\.local\. \d+ A 10\.96\.0\.50$/;
const NAMES = [
  NAME,
  "_http._tcp.My-API.default.svc.CLUSTER.local.",
  "gone.default.svc.cluster.local.",
  "50.0.96.10.in-addr.arpa.",
  "www.example.com.",
  ".",
];
/** 1,000 batches are 100,000 datagrams; a batch fits into the smallest receive buffer there is. */
const BATCHES = 1_000;
const BATCH = 100;
const CONNECTIONS = 400;
const MESSAGES_EACH = 50;
const ROUNDS = 5;
/** What a round may add; 200 octets for each of its datagrams, or a read buffer for each stream. */
const GROWTH = 4 * 1024 * 1024;
const ERROR_LEVELS = new Set(["error", "fatal"]);
const TEST_MS = 300_000;

/** An address for this process alone, so that the usual ports are free on it. */
const LOCAL = `127.77.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;

/** A line of the log. */
interface Line {
  readonly level: string;
}

/** The cluster's own Corefile, on addresses of the test. */
const corefile = (upstream: number): string => `.:0 {
    bind 127.0.0.1
    errors
    health ${LOCAL}:8080 { lameduck 5s }
    ready ${LOCAL}:8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus ${LOCAL}:9153
    forward . 127.0.0.1:${upstream} {
        read_timeout 30s
    }
    cache 30
    loop
    reload
    loadbalance
}`;

let nats: NatsServer;
let upstream: UpstreamFixture;
let dns: DnsProcess;

beforeAll(async () => {
  nats = await startNats();
  await using writer = await nats.connect("apiserver");
  const registry = await openRegistry(writer);
  const put = (object: KubeObject, kind: Parameters<typeof registryKey>[0]) =>
    registry.create(registryKey(kind, object.metadata), Buffer.from(JSON.stringify(object)));
  await put(namespace("default"), Kinds.Namespace);
  await put(service("default/my-api", { clusterIP: "10.96.0.50" }), Kinds.Service);
  upstream = await startUpstream(() => ({ rcode: 3 }));
  dns = await startDnsProcess({ corefile: corefile(upstream.port), nats });
});
afterAll(async () => {
  await dns[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

describe("a server that is sent whatever there is", () => {
  it("answers after each 100 of 100,000 wrong datagrams", { timeout: TEST_MS }, async () => {
    const mutator = createPacketMutator(NAMES, createRandom(1));
    const socket = createSocket("udp4");
    const answers = countAnswers(socket);
    await expectBounded(async () => {
      for (let batch = 0; batch < BATCHES / ROUNDS; batch++) {
        await sendBatch(socket, mutator.next);
        await expectAnswer("udp");
      }
    });
    socket.close();
    // Nothing was lost on the way, so every packet was read.
    expect(await dns.droppedDatagrams()).toBe(0);
    expect(answers.count).toBeGreaterThan(BATCHES * 10);
    expect(answers.wrong).toEqual([]);
    await expectHealthy();
  });

  it(
    "answers while wrong streams come, in pieces and half closed",
    { timeout: TEST_MS },
    async () => {
      const random = createRandom(2);
      const mutator = createPacketMutator(NAMES, random);
      await expectBounded(async () => {
        for (let sent = 0; sent < CONNECTIONS / ROUNDS; sent += 20) {
          const streams = Array.from({ length: 20 }, () =>
            sendStream(wrongStream(mutator.next, random), random),
          );
          await expectAnswer("tcp");
          await Promise.all(streams);
        }
      });
      await expectHealthy();
    },
  );

  it("closes slow and silent clients, and has room for others", { timeout: TEST_MS }, async () => {
    const started = queryBytes(NAME, "A");
    const sockets = Array.from({ length: 200 }, (_, index) => {
      const socket = connect(dns.port, "127.0.0.1");
      if (index % 2 === 0) socket.write(frameMessage(started).subarray(0, 1 + (index % 20)));
      return closed(socket);
    });
    await expectAnswer("tcp");
    await Promise.all(sockets);
    await expectHealthy();
  });
});

/** Runs rounds of the same work. What leaks grows in each of them; caches and heaps do not. */
async function expectBounded(round: () => Promise<void>): Promise<void> {
  const growth: number[] = [];
  for (let before = await dns.memory(); growth.length < ROUNDS;) {
    await round();
    const after = await dns.memory();
    growth.push(after - before);
    before = after;
  }
  expect(Math.min(...growth)).toBeLessThan(GROWTH);
}

async function sendBatch(socket: Socket, next: () => Buffer): Promise<void> {
  const sent = Array.from({ length: BATCH }, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.send(next(), dns.port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    return promise;
  });
  await Promise.all(sent);
}

/** What comes back must be an answer that can be read. */
function countAnswers(socket: Socket): { count: number; wrong: string[] } {
  const seen = { count: 0, wrong: [] as string[] };
  socket.on("message", (bytes) => {
    seen.count++;
    if (!isAnswer(bytes)) seen.wrong.push(bytes.toString("hex"));
  });
  return seen;
}

function isAnswer(bytes: Buffer): boolean {
  try {
    return (decodeMessage(bytes).flags & Flag.QR) !== 0;
  } catch {
    return false;
  }
}

async function expectAnswer(protocol: "udp" | "tcp"): Promise<void> {
  const { answers } = await ask(dns.port, NAME, "A", { protocol });
  expect(recordLines(answers)).toEqual([expect.stringMatching(ANSWER)]);
}

/** Framed packets, with a wrong length here and there. */
function wrongStream(next: () => Buffer, random: () => number): Buffer {
  const frames = Array.from({ length: MESSAGES_EACH }, () => {
    const frame = frameMessage(next());
    if (random() < 0.02) frame.writeUInt16BE(Math.floor(random() * 0x1_0000), 0);
    return frame;
  });
  return Buffer.concat(frames);
}

/** Writes a stream in pieces, then closes its side, or just goes; waits until it is closed. */
async function sendStream(stream: Buffer, random: () => number): Promise<void> {
  const socket = connect(dns.port, "127.0.0.1");
  const reader = createFrameReader();
  const wrong: string[] = [];
  socket.on("data", (chunk) => {
    wrong.push(
      ...reader
        .push(chunk)
        .filter((frame) => !isAnswer(frame))
        .map(String),
    );
  });
  const end = closed(socket);
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + Math.floor(random() * 700);
    socket.write(stream.subarray(at, end));
    at = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (random() < 0.2) socket.destroy();
  else socket.end();
  await end;
  expect(wrong).toEqual([]);
}

/** Alive by its own account, ready, and nothing in its log that a human would have to look at. */
async function expectHealthy(): Promise<void> {
  await expectAnswer("udp");
  for (const path of [":8080/health", ":8181/ready"]) {
    await waitFor(async () => (await fetch(`http://${LOCAL}${path}`)).status === 200);
  }
  const { exitCode, signalCode } = dns.child;
  expect([exitCode, signalCode]).toEqual([null, null]);
  const errors = dns.log().filter((line) => ERROR_LEVELS.has((JSON.parse(line) as Line).level));
  expect(errors).toEqual([]);
}
