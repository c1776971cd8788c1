import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { ProxyHealth } from "./health.ts";

/** Where health is served, and who counts the answers. */
export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly health: ProxyHealth;
  onAnswer(path: "healthz" | "livez", code: number): void;
}

/** A health server that listens. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves /healthz and /livez as JSON: 200, or 503 when a change waits too long or, on /healthz,
 * when the node is about to go. Rejects when the address cannot be bound.
 */
export async function createHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/[?#].*$/, "").slice(1);
    if (path !== "healthz" && path !== "livez")
      return answer(response, 404, { error: "not found" });
    const report = options.health.report(path);
    const code = report.healthy ? 200 : 503;
    options.onAnswer(path, code);
    answer(response, code, report);
  });
  server.listen({ host: options.host, port: options.port });
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, code: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
