import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { DurationFlag, IntegerFlag, StringFlag } from "./flags.ts";

/** Flags of a listening role: where it listens and how it stops. */
export type ServingFlags = {
  readonly host: StringFlag;
  readonly port: IntegerFlag;
  readonly "lame-duck": DurationFlag;
  readonly "shutdown-grace": DurationFlag;
};

/** Those flags for a role whose usual port is `port`. */
export function servingFlags(port: number): ServingFlags {
  return {
    host: { type: "string", default: "", description: "address to bind; empty: all" },
    port: {
      type: "integer",
      default: port,
      minimum: 0,
      maximum: 65535,
      description: "port; 0: any",
    },
    "lame-duck": {
      type: "duration",
      default: "300ms",
      description: "after SIGTERM: unready but still accepting, while the proxies learn of it",
    },
    "shutdown-grace": {
      type: "duration",
      default: "20s",
      description: "after that: time for requests under way to finish",
    },
  };
}

/** Listens and gives the bound address. Rejects with the system's error (EADDRINUSE, EACCES …). */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  server.listen(host === "" ? { port } : { host, port });
  await once(server, "listening");
  return server.address() as AddressInfo;
}

/** Resolves when the signal aborts, at once if it has. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

const IDLE_SWEEP_MS = 50;

/**
 * Ends an HTTP server: lame duck (new answers ask the client to close its connection), then no new
 * connections, then up to `graceMs` for requests under way.
 */
export async function drain(
  server: HttpServer,
  lameDuckMs: number,
  graceMs: number,
): Promise<void> {
  server.prependListener("request", (_, response) => response.setHeader("connection", "close"));
  await delay(lameDuckMs);
  const closed = once(server, "close");
  server.close();
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
}
