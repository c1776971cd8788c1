import type { Readable } from "node:stream";
import { StatusError } from "@kubehop/api";
import { Agent, type Dispatcher } from "undici";

/** The API server did not answer: it is down, restarting, or cut off. */
export class ServerUnreachable extends Error {
  override readonly name = "ServerUnreachable";
}

/** Where the API server is, and who we are to it. */
export interface RestOptions {
  /** https://host:port */
  readonly server: string;
  /** The cluster's CA certificates (PEM); the machine's own when absent. */
  readonly ca?: string;
  /** Client certificate (PEM) with its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Bearer token. */
  readonly token?: string;
  /** The name the server's certificate must have, when it is not the URL's. */
  readonly tlsServerName?: string;
  /** Trust any certificate; for experiments only. */
  readonly insecureSkipTlsVerify?: boolean;
}

/** Any request. */
export interface RestRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** In lower case; they win over the client's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A successful answer. */
export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** The connections to one API server. */
export interface RestTransport {
  request(request: RestRequest): Promise<RestResponse>;
  /** Reads a body to its end; a broken connection is told as by `request`. */
  readText(body: Readable): Promise<string>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** The server closes idle connections after 60 s or more; never write into one it is closing. */
const KEEP_ALIVE_MS = 30_000;

/** Creates the transport: one pool of kept-alive connections. */
export function createRestTransport(
  options: RestOptions & { readonly userAgent: string },
): RestTransport {
  const agent = createAgent(options);
  const origin = parseServer(options.server);
  const unreachable = (cause: unknown): Error => networkError(options.server, cause);

  return {
    async request({ method, path, body, headers, signal }) {
      const response = await agent
        .request({
          origin,
          method,
          path,
          headers: { ...ownHeaders(options, body), ...headers },
          body: body === undefined ? null : JSON.stringify(body),
          ...(signal && { signal }),
        })
        .catch((error: unknown) => {
          throw unreachable(error);
        });
      if (response.statusCode >= 400) throw await failureOf(response);
      return { status: response.statusCode, headers: response.headers, body: response.body };
    },
    async readText(body) {
      try {
        return await textOf(body);
      } catch (error) {
        throw unreachable(error);
      }
    },
    close: () => agent.destroy(),
  };
}

function createAgent(options: RestOptions): Agent {
  const { ca, cert, key, tlsServerName, insecureSkipTlsVerify } = options;
  return new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(tlsServerName !== undefined && { servername: tlsServerName }),
      ...(insecureSkipTlsVerify === true && { rejectUnauthorized: false }),
    },
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A watch may be quiet for long; other bodies have the deadline of their call.
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
}

function parseServer(server: string): string {
  if (!URL.canParse(server)) throw new Error(`"${server}" is no URL of an API server`);
  return new URL(server).origin;
}

function ownHeaders(
  options: RestOptions & { readonly userAgent: string },
  body: unknown,
): Record<string, string> {
  return {
    accept: "application/json",
    "user-agent": options.userAgent,
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
  };
}

function networkError(server: string, cause: unknown): Error {
  const { code, message } = cause as { code?: string; message?: string };
  const reason = [code, message].filter((text) => text).join(": ");
  return new ServerUnreachable(`cannot reach the API server at ${server}: ${reason}`, { cause });
}

/** The Status in the body, or one made from a body that is none. */
async function failureOf({ statusCode, body }: Dispatcher.ResponseData): Promise<StatusError> {
  const text = await textOf(body).catch(() => "");
  try {
    const status = JSON.parse(text) as StatusError["status"];
    if (status.kind === "Status") return new StatusError({ ...status, code: statusCode });
  } catch {
    // Not JSON: some proxy between, or a path that is no API.
  }
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: text.trim() || `HTTP status ${statusCode}`,
    code: statusCode,
  });
}

async function textOf(body: Readable): Promise<string> {
  let text = "";
  body.setEncoding("utf8");
  for await (const chunk of body) text += chunk as string;
  return text;
}
