import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { HttpResponse } from "./fetch-report.ts";

const MAX_BODY_OCTETS = 64 * 1024;

/** One request over a connection that stands already. */
export interface HttpExchangeOptions {
  url: URL;
  method: string;
  /** Sent after those of its own; one of the same name takes its place. */
  headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  body: string;
  socket: Socket;
  /** Do not check the server's certificate (https only). */
  insecure: boolean;
  timeoutMs: number;
}

/** Sends the request and reads the response. Rejects on a broken connection and on time-out. */
export async function exchangeHttp(options: HttpExchangeOptions): Promise<HttpResponse> {
  const { url, method, headers, body, timeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const stream = url.protocol === "https:" ? await secure(options, signal) : options.socket;
  const started = performance.now();
  const outgoing = httpRequest({
    createConnection: () => stream,
    method,
    path: `${url.pathname}${url.search}`,
    headers: { ...ownHeaders(url, body), ...lowerCase(headers) },
    signal,
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const received = await readBody(response);
  return {
    status: response.statusCode ?? 0,
    headers: presentHeaders(response),
    ...received,
    ms: Math.round((performance.now() - started) * 1_000) / 1_000,
  };
}

function ownHeaders(url: URL, body: string): Record<string, string> {
  const length: Record<string, string> =
    body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return {
    host: url.host,
    "user-agent": "sample-app",
    accept: "*/*",
    connection: "close",
    ...length,
  };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(entries) as Record<string, string>;
}

async function secure({ url, socket, insecure }: HttpExchangeOptions, signal: AbortSignal) {
  const servername = url.hostname.replace(/\.$/, "");
  const tls = connectTls({ socket, servername, rejectUnauthorized: !insecure });
  await once(tls, "secureConnect", { signal });
  return tls;
}

async function readBody(response: IncomingMessage): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    octets += (chunk as Buffer).length;
    if (octets > MAX_BODY_OCTETS) break;
  }
  const body = Buffer.concat(chunks).subarray(0, MAX_BODY_OCTETS).toString("utf8");
  return { body, truncated: octets > MAX_BODY_OCTETS };
}

function presentHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const entries = Object.entries(response.headers);
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
