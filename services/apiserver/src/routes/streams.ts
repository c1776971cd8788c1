import type { FastifyReply } from "fastify";
import type { ServerResponse } from "node:http";

/** Something that tells when it has closed. */
interface Closable {
  once(event: "close", handler: () => void): unknown;
}

/** Answers that go on until the client leaves; the server ends them when it stops. */
export interface StreamSet {
  /** Remembers a stream until its connection closes. `end` must end it cleanly. */
  add(stream: Closable, end: () => void): void;
  /** Ends every stream, and from now on each new one at once. */
  endAll(): void;
}

/** Creates an empty set. */
export function createStreamSet(): StreamSet {
  const ends = new Set<() => void>();
  let ended = false;
  return {
    add(stream, end) {
      if (ended) {
        end();
        return;
      }
      ends.add(end);
      stream.once("close", () => ends.delete(end));
    },
    endAll() {
      ended = true;
      for (const end of ends) end();
    },
  };
}

/**
 * Takes the answer out of Fastify's hands and sends its head at once: clients wait for the head
 * of a watch before they do anything else.
 */
export function startStream(reply: FastifyReply, contentType: string): ServerResponse {
  const headers = reply.getHeaders();
  reply.hijack();
  const response = reply.raw;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(200, { "content-type": contentType });
  response.flushHeaders();
  return response;
}
