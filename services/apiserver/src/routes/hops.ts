import { TRACE_LEASE_SUBJECT } from "@kubehop/api";
import type { Bus } from "@kubehop/client";
import type { FastifyInstance } from "fastify";
import type { ServerResponse } from "node:http";
import { startStream, type StreamSet } from "./streams.ts";

/** What the hop stream needs. */
export interface HopDeps {
  readonly bus: Bus;
  readonly streams: StreamSet;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** How often the tracer lease is renewed, and how long one renewal lasts, ms. */
const RENEW_MS = 1_000;
const LEASE_MS = 3_000;
/** A client that lets this many bytes wait loses events until it has read them. */
const BUFFER_LIMIT = 8 * 1024 * 1024;

/**
 * GET of /apis/kubehop.dev/v1alpha1/hops: streams what proxies and DNS servers do, one HopEvent a
 * line, first a `synced` event of each. While a client stays, the lease that makes them report is
 * renewed each second.
 */
export function addHopRoute(app: FastifyInstance, deps: HopDeps): void {
  const clients = new Set<ServerResponse>();
  let tracing: Disposable | undefined;
  const drop = (client: ServerResponse): void => {
    clients.delete(client);
    if (clients.size > 0) return;
    tracing?.[Symbol.dispose]();
    tracing = undefined;
  };
  app.get("/apis/kubehop.dev/v1alpha1/hops", (_request, reply) => {
    const response = startStream(reply, "application/x-ndjson");
    clients.add(response);
    tracing ??= trace(deps, clients);
    deps.bus.publish(TRACE_LEASE_SUBJECT, { expires: deps.now() + LEASE_MS, begins: true });
    deps.streams.add(response, () => response.end());
    response.once("close", () => drop(response));
  });
}

function trace({ bus, now }: HopDeps, clients: ReadonlySet<ServerResponse>): Disposable {
  const renew = (): void => bus.publish(TRACE_LEASE_SUBJECT, { expires: now() + LEASE_MS });
  const timer = setInterval(renew, RENEW_MS);
  const subscription = bus.subscribe("hop.>", (event) => {
    const line = `${JSON.stringify(event)}\n`;
    for (const client of clients) {
      if (client.writableLength < BUFFER_LIMIT) client.write(line);
    }
  });
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      subscription[Symbol.dispose]();
    },
  };
}
