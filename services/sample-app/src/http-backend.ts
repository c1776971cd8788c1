import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { hostPort, plainAddress } from "./pod-identity.ts";
import type { PodIdentity } from "./pod-identity.ts";

/** What a backend answers on every path but the health ones. */
interface HelloAnswer extends PodIdentity {
  /** The address the request reached: the pod's own. */
  readonly ip: string;
  /** The peer as "ip:port": the proxy's end of the connection, which a trace names too. */
  readonly from: string;
  readonly path: string;
}

/** Runs before a request is answered; true means it has answered itself. */
export type Interference = (response: ServerResponse) => Promise<boolean>;

/** What one answered request looked like, for the access log. */
interface Access {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly from: string;
}

/** An HTTP backend: its server, not listening yet, and its readiness. */
export interface HttpBackend {
  readonly server: Server;
  readonly setReady: (ready: boolean) => void;
}

interface HttpBackendOptions {
  identity: PodIdentity;
  interfere?: Interference;
  onAccess?: (access: Access) => void;
}

/**
 * GET /healthz: 200 while alive. GET /readyz: 200, or 503 after `POST /ready?value=false`.
 * Every other path: HelloAnswer as JSON.
 */
export function createHttpBackend(options: HttpBackendOptions): HttpBackend {
  const state = { ready: true };
  const server = createServer((request, response) => {
    answer(request, response, { ...options, state }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  return { server, setReady: (ready) => void (state.ready = ready) };
}

type AnswerOptions = HttpBackendOptions & { state: { ready: boolean } };

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AnswerOptions,
): Promise<void> {
  request.resume();
  const url = URL.parse(request.url ?? "/", "http://pod");
  if (!url) return send(response, 400, "the request target is no path\n");
  const { pathname, searchParams } = url;
  switch (pathname) {
    case "/healthz":
      return send(response, 200, "ok\n");
    case "/readyz":
      return options.state.ready ? send(response, 200, "ok\n") : send(response, 503, "not ready\n");
    case "/ready":
      return setReadiness(request, response, {
        state: options.state,
        value: searchParams.get("value"),
      });
    default:
      return hello(request, response, options);
  }
}

function setReadiness(
  request: IncomingMessage,
  response: ServerResponse,
  { state, value }: { state: { ready: boolean }; value: string | null },
): void {
  if (request.method !== "POST" || (value !== "true" && value !== "false")) {
    return send(response, 400, "use POST /ready?value=true or POST /ready?value=false\n");
  }
  state.ready = value === "true";
  send(response, 200, `ready=${value}\n`);
}

async function hello(
  request: IncomingMessage,
  response: ServerResponse,
  { identity, interfere, onAccess }: AnswerOptions,
): Promise<void> {
  const { remoteAddress, remotePort, localAddress } = request.socket;
  const path = request.url ?? "/";
  const from = hostPort(remoteAddress, remotePort);
  if (!(await interfere?.(response))) {
    const body: HelloAnswer = { ...identity, ip: plainAddress(localAddress), from, path };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`${JSON.stringify(body)}\n`);
  }
  onAccess?.({ method: request.method ?? "", path, status: response.statusCode, from });
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}
