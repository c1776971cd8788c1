import { closeSync, openSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { constants } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { CONTROL_SOCKET, type SandboxStatus } from "./protocol.ts";

/**
 * Serves the control socket of a sandbox, HTTP on a unix socket in the lab's folder:
 * `GET /status` gives SandboxStatus, `POST /processes/NAME/signal?signal=SIGKILL` sends a signal
 * (204, or 404 when no such process runs, or 400 for an unknown signal).
 */
export async function serveControl(
  directory: string,
  supervisor: Supervisor,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => route(request, response, supervisor));
  rmSync(join(directory, CONTROL_SOCKET), { force: true });
  await listenInDirectory(server, directory);
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A socket's path may have 107 bytes only; through an open folder it is always short enough. */
async function listenInDirectory(server: Server, directory: string): Promise<void> {
  const fd = openSync(directory, "r");
  try {
    server.listen(`/proc/self/fd/${fd}/${CONTROL_SOCKET}`);
    await once(server, "listening");
  } finally {
    closeSync(fd);
  }
}

function route(request: IncomingMessage, response: ServerResponse, supervisor: Supervisor): void {
  const url = new URL(request.url ?? "/", "http://sandbox");
  const [, collection, name, action] = url.pathname.split("/").map(decodeURIComponent);
  if (request.method === "GET" && url.pathname === "/status") {
    const status: SandboxStatus = { processes: supervisor.status() };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(status));
    return;
  }
  if (request.method === "POST" && collection === "processes" && action === "signal") {
    response.statusCode = sendSignal(supervisor, name ?? "", url.searchParams.get("signal"));
    response.end();
    return;
  }
  response.statusCode = 404;
  response.end();
}

function sendSignal(supervisor: Supervisor, name: string, signal: string | null): number {
  if (signal === null || !(signal in constants.signals)) return 400;
  return supervisor.signal(name, signal as NodeJS.Signals) ? 204 : 404;
}
