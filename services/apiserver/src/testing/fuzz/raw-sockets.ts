import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { setTimeout as delay } from "node:timers/promises";

/** Where the server is, and who we are to it; PEM. */
export interface RawTarget {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Something that no HTTP library would send. */
export interface RawCase {
  readonly name: string;
  /** Sends it; what comes back is read meanwhile. */
  send(socket: TLSSocket): void | Promise<void>;
  /** The status codes that may come, in order of the answers; none: it closes without a word. */
  readonly codes: readonly number[];
  /** The codes of so many answers instead. */
  readonly count?: number;
  /** What the last octets must be. */
  readonly last?: Buffer;
}

const HOST = "Host: x\r\n";
const PODS = "/api/v1/namespaces/default/pods";
const JSON_HEAD = `POST ${PODS} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;

function text(name: string, bytes: string | Buffer, codes: readonly number[]): RawCase {
  return { name, codes, send: (socket) => void socket.write(bytes) };
}

function upgrade(name: string, path: string, headers: string, codes: readonly number[]): RawCase {
  const head = `GET ${path} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\n${headers}\r\n`;
  return text(name, `${head}garbage\u0000\u0001${"x".repeat(2_000)}`, codes);
}

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const END = "Connection: close\r\n\r\n";

/** Every one of them must end: with the answers it is due, and then the connection. */
export const RAW_CASES: readonly RawCase[] = [
  text("half a request line", "GET /api", [408]),
  text("half a head", `GET /api HTTP/1.1\r\n${HOST}X-A`, [408]),
  {
    name: "a head byte by byte",
    codes: [408],
    async send(socket) {
      const head = `GET /api HTTP/1.1\r\n${HOST}X-Slow: `;
      for (let at = 0; !socket.destroyed && at < 100; at += 1) {
        socket.write(head[at] ?? "x");
        await delay(300);
      }
    },
  },
  text("a header of 1 MiB", `GET /api HTTP/1.1\r\n${HOST}X: ${"a".repeat(2 ** 20)}\r\n\r\n`, [431]),
  text("10,000 headers", `GET /api HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(10_000)}\r\n`, [431]),
  text("a URL of 100 KiB", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`, [431]),
  {
    ...text(
      "200 requests at once",
      `GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(199) + `GET /livez HTTP/1.1\r\n${HOST}${END}`,
      [200],
    ),
    count: 200,
  },
  {
    name: "a good request, then garbage",
    codes: [200, 400],
    async send(socket) {
      socket.write(`GET /livez HTTP/1.1\r\n${HOST}\r\n`);
      await once(socket, "data");
      socket.write("GARBAGE\r\n\r\n");
    },
  },
  text(
    "a chunk whose size is no number",
    `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    [400],
  ),
  text(
    "a chunk without its end",
    `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}garbage\r\n0\r\n\r\n`,
    [400],
  ),
  text(
    "a chunk size that overflows",
    `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    [400],
  ),
  text(
    "two lengths of the body",
    `${JSON_HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    [400],
  ),
  text(
    "two Content-Lengths",
    `${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    [400],
  ),
  text("a negative length", `${JSON_HEAD}Content-Length: -1\r\n\r\n{}`, [400]),
  text("a length that is no number", `${JSON_HEAD}Content-Length: abc\r\n\r\n{}`, [400]),
  text(
    "a length of 4 GiB",
    `${JSON_HEAD}${END.slice(0, -2)}Content-Length: 4294967296\r\n\r\n{}`,
    [413],
  ),
  text("an unknown transfer encoding", `${JSON_HEAD}Transfer-Encoding: nonsense\r\n\r\n{}`, [400]),
  text("no such method", `FOO /api HTTP/1.1\r\n${HOST}\r\n`, [400]),
  text("CONNECT", `CONNECT example.com:443 HTTP/1.1\r\n${HOST}\r\n`, []),
  text("OPTIONS *", `OPTIONS * HTTP/1.1\r\n${HOST}${END}`, [404]),
  text("TRACE", `TRACE ${PODS} HTTP/1.1\r\n${HOST}${END}`, [404]),
  text("a URL with a host in it", `GET https://other/livez HTTP/1.1\r\n${HOST}${END}`, [200]),
  text("HTTP/0.9", "GET /livez\r\n\r\n", [200]),
  text("HTTP/2 without ALPN", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
  text("HTTP/9.9", `GET /livez HTTP/9.9\r\n${HOST}\r\n`, [400]),
  text("no Host", "GET /livez HTTP/1.1\r\n\r\n", [400]),
  text("a header that goes on", `GET /livez HTTP/1.1\r\n${HOST}X: a\r\n b\r\n${END}`, [400]),
  text("a zero byte in a header", `GET /livez HTTP/1.1\r\n${HOST}X: a\u0000b\r\n\r\n`, [400]),
  text("no ASCII in the URL", Buffer.from(`GET /livez\u00e9 HTTP/1.1\r\n${HOST}${END}`), [400]),
  text("an expectation nobody knows", `${JSON_HEAD}Expect: miracle\r\n${END}`, [417]),
  upgrade("an upgrade to h2c", "/livez", "Upgrade: h2c\r\n", [404]),
  upgrade("an upgrade of a list", PODS, "Upgrade: websocket\r\n", [400]),
  upgrade("a WebSocket without a key", `${PODS}?watch=1`, "Upgrade: websocket\r\n", [400]),
  upgrade(
    "a WebSocket of no pod",
    `${PODS}/none/exec?command=x`,
    `Upgrade: websocket\r\n${KEY}`,
    [404],
  ),
  upgrade("SPDY outside of a WebSocket", `${PODS}/none/exec`, "Upgrade: SPDY/3.1\r\n", [404]),
  upgrade(
    "a WebSocket with a bad escape",
    "/api/v1/%zz?watch=1",
    `Upgrade: websocket\r\n${KEY}`,
    [404],
  ),
  upgrade("an upgrade to nowhere", "//", `Upgrade: websocket\r\n${KEY}`, [404]),
  {
    ...upgrade("frames that are none", `${PODS}?watch=1`, `Upgrade: websocket\r\n${KEY}`, [101]),
    // A close frame: protocol error (RFC 6455 §7.4.1).
    last: Buffer.from([0x88, 2, 1002 >> 8, 1002 & 0xff]),
  },
  {
    name: "a body that never comes, from one who hangs up",
    codes: [],
    send(socket) {
      socket.write(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`);
      socket.destroy();
    },
  },
];

/** Longer than the server gives a client for its head. */
const DEADLINE_MS = 60_000;

/** Runs a case; gives the codes of the answers, or throws when the connection stays open. */
export async function runRaw(target: RawTarget, { send, last }: RawCase): Promise<number[]> {
  const { port, ca, cert, key } = target;
  const socket = connectTls({ host: "127.0.0.1", port, ca, cert, key });
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await send(socket);
  const late = delay(DEADLINE_MS, "late", { ref: false });
  const end = await Promise.race([closed, late]);
  socket.destroy();
  if (end === "late") throw new Error(`still open after ${DEADLINE_MS} ms; it said ${answer}`);
  if (last !== undefined && !answer.endsWith(last.toString("latin1"))) {
    throw new Error(`ended with ${JSON.stringify(answer.slice(-last.length))}`);
  }
  return [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => Number(code));
}

/** What is no TLS at all: it must be closed without an answer. */
export async function runPlain(port: number, bytes: Buffer | string): Promise<void> {
  const socket = connectTcp(port, "127.0.0.1");
  socket.on("error", () => {}).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(bytes);
  const end = await Promise.race([closed, delay(DEADLINE_MS, "late", { ref: false })]);
  socket.destroy();
  if (end === "late") throw new Error(`still open after ${DEADLINE_MS} ms`);
}
