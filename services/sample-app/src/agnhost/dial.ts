import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { Agent, request } from "undici";

const MAX_TRIES = 1_000;
const MAX_PORT = 65_535;
const HTTP_TIMEOUT_MS = 5_000;
const UDP_TIMEOUT_MS = 2_000;

/** The query of netexec's /dial. */
export interface DialRequest {
  host?: string;
  port?: string;
  /** What to send: the HTTP path without its slash, or the datagram. */
  request?: string;
  protocol?: string;
  tries?: string;
}

/** What the tries gave; `problem` instead when the request itself was wrong. */
export interface DialAnswer {
  responses?: string[];
  errors?: string[];
  problem?: string;
}

/** Sends `request` `tries` times and collects responses and errors, as upstream's dialHandler. */
export async function dial(query: DialRequest): Promise<DialAnswer> {
  const problem = problemOf(query);
  if (problem !== undefined) return { problem };
  const { host = "", port, request: text = "hostname", protocol, tries = "1" } = query;
  const send = protocol === "udp" ? sendUdp : sendHttp;
  return collect(Number(tries), () => send(host, Number(port), text));
}

function problemOf({ host, port, protocol, tries }: DialRequest): string | undefined {
  if (!host) return "argument 'host' is required";
  if (!isWithin(port, MAX_PORT)) return `argument 'port' must be an integer from 1 to ${MAX_PORT}`;
  if (!isWithin(tries ?? "1", MAX_TRIES)) {
    return `argument 'tries' must be an integer from 1 to ${MAX_TRIES}`;
  }
  const known = protocol === undefined || protocol === "http" || protocol === "udp";
  return known ? undefined : `argument 'protocol' must be http or udp, not ${protocol}`;
}

function isWithin(text: string | undefined, maximum: number): boolean {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= maximum;
}

async function collect(tries: number, send: () => Promise<string>): Promise<DialAnswer> {
  const responses: string[] = [];
  const errors: string[] = [];
  for (let attempt = 0; attempt < tries; attempt += 1) {
    try {
      responses.push(await send());
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  return {
    ...(responses.length > 0 ? { responses } : {}),
    ...(errors.length > 0 ? { errors } : {}),
  };
}

async function sendHttp(host: string, port: number, path: string): Promise<string> {
  const dispatcher = new Agent({ pipelining: 0 });
  try {
    const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
    const { body } = await request(`http://${authority}/${path}`, { dispatcher, signal });
    return await body.text();
  } finally {
    await dispatcher.destroy();
  }
}

async function sendUdp(host: string, port: number, text: string): Promise<string> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  const signal = AbortSignal.timeout(UDP_TIMEOUT_MS);
  try {
    socket.connect(port, address);
    await once(socket, "connect", { signal });
    socket.send(text);
    const [data] = (await once(socket, "message", { signal })) as [Buffer];
    return data.toString();
  } finally {
    socket.close();
  }
}
