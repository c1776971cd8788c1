import { request as httpRequest } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";

/** One call of the Docker Engine API. */
export interface EngineRequest {
  readonly method: "DELETE" | "GET" | "HEAD" | "POST";
  /** Below the version, e.g. "/containers/json". */
  readonly path: string;
  /** Objects are sent as JSON, as the API wants its filters. */
  readonly query?: Readonly<Record<string, boolean | number | object | string>>;
  readonly body?: unknown;
  /** Until the answer is there; 15 s when absent. A stream may last longer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A Docker Engine, spoken to over its socket. */
export interface Engine extends AsyncDisposable {
  /** As it was given, for messages: "unix:///var/run/docker.sock". */
  readonly endpoint: string;
  /** Agrees on a version of the API; called again whenever the engine may have been replaced. */
  negotiate(): Promise<EngineVersion>;
  /** Resolves to the answer's JSON, undefined when it has none. Rejects with EngineError. */
  call<T = undefined>(request: EngineRequest): Promise<T>;
  /** Resolves to the answer's body, read as it comes. Rejects with EngineError. */
  stream(request: EngineRequest): Promise<Readable>;
  /** Turns the connection of a request into a plain one (exec). Rejects with EngineError. */
  upgrade(request: EngineRequest): Promise<Duplex>;
}

/** What an engine says of itself. */
export interface EngineVersion {
  /** e.g. "20.10.24". */
  readonly version: string;
  /** The version of the API that is spoken. */
  readonly api: string;
}

/** An answer that says no, or none at all. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /** The HTTP status; 0 when the engine could not be reached. */
  readonly statusCode: number;

  /** Takes the HTTP status (0 for none) and a sentence for the user. */
  constructor(statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCode;
  }
}

/** The newest version of the API this was written against (Engine 29); older ones are spoken too. */
const NEWEST_API = "1.52";
const TIMEOUT_MS = 15_000;

/** Whether an error is the engine's "there is no such thing". */
export function isMissing(error: unknown): boolean {
  return error instanceof EngineError && error.statusCode === 404;
}

/**
 * Creates a client of the engine behind a Unix socket; nothing is sent before the first call.
 * Throws an Error when the endpoint is no `unix://` one.
 */
export function createEngine(endpoint: string): Engine {
  const socketPath = socketPathOf(endpoint);
  const agent = new Agent({ connect: { socketPath }, headersTimeout: 0, bodyTimeout: 0 });
  let prefix = "";
  const send = async (request: EngineRequest): Promise<Dispatcher.ResponseData> => {
    const { method, timeoutMs = TIMEOUT_MS, signal } = request;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const signals = signal === undefined ? [late.signal] : [late.signal, signal];
    try {
      const answer = await agent.request({
        origin: "http://docker",
        path: `${prefix}${pathOf(request)}`,
        method,
        headers: { "content-type": "application/json" },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: AbortSignal.any(signals),
      });
      if (answer.statusCode < 400) return answer;
      throw new EngineError(answer.statusCode, messageOf(await answer.body.text()));
    } catch (error) {
      if (error instanceof EngineError) throw error;
      const why = late.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      throw unreachable(endpoint, why, error);
    } finally {
      clearTimeout(timer);
    }
  };
  const call = async <T>(request: EngineRequest): Promise<T> => {
    const { body } = await send(request);
    const text = await body.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  return {
    endpoint,
    async negotiate() {
      prefix = "";
      const found = await call<{ Version: string; ApiVersion: string }>({
        method: "GET",
        path: "/version",
      });
      const api = olderOf(found.ApiVersion, NEWEST_API);
      prefix = `/v${api}`;
      return { version: found.Version, api };
    },
    call,
    stream: async (request) => (await send(request)).body,
    upgrade: (request) => upgrade({ endpoint, socketPath, prefix }, request),
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** The older of two versions of the API, e.g. "1.41" of "1.41" and "1.52". */
export function olderOf(a: string, b: string): string {
  const minor = (version: string): number => Number(version.split(".")[1] ?? 0);
  return minor(a) <= minor(b) ? a : b;
}

interface Connection {
  readonly endpoint: string;
  readonly socketPath: string;
  readonly prefix: string;
}

/** Over node:http, because a request that upgrades has a body here, which undici does not send. */
function upgrade(connection: Connection, request: EngineRequest): Promise<Duplex> {
  const { endpoint, socketPath, prefix } = connection;
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const text = JSON.stringify(request.body ?? {});
  const outgoing = httpRequest({
    socketPath,
    method: request.method,
    path: `${prefix}${pathOf(request)}`,
    timeout: request.timeoutMs ?? TIMEOUT_MS,
    headers: {
      host: "docker",
      connection: "Upgrade",
      upgrade: "tcp",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    },
  });
  outgoing.once("upgrade", (_answer, socket, head) => {
    socket.setTimeout(0);
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  outgoing.once("response", (answer) => {
    let body = "";
    answer.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    answer.once("end", () => reject(new EngineError(answer.statusCode ?? 0, messageOf(body))));
  });
  outgoing.once("timeout", () => outgoing.destroy(new Error("no answer in time")));
  outgoing.once("error", (error) => reject(unreachable(endpoint, error.message, error)));
  outgoing.end(text);
  return promise;
}

function socketPathOf(endpoint: string): string {
  const path = /^unix:\/\/(\/.+)$/.exec(endpoint)?.[1];
  if (path !== undefined) return path;
  throw new Error(`"${endpoint}" is not of the form unix:///path/of/docker.sock`);
}

function pathOf({ path, query = {} }: EngineRequest): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    words.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return words.size === 0 ? path : `${path}?${words.toString()}`;
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message.trim() : body.trim();
  } catch {
    return body.trim();
  }
}

function unreachable(endpoint: string, why: string, cause: unknown): EngineError {
  const message = `cannot reach the Docker Engine at ${endpoint}: ${why}`;
  return new EngineError(0, message, { cause });
}

function reasonOf(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return message === "" ? code : message;
}
