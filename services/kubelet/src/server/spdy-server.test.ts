import type { IncomingMessage } from "node:http";
import { duplexPair } from "node:stream";
import { expect, it } from "vitest";
import { asksForSpdy, createSpdyServer } from "./spdy-server.ts";

const KNOWN = ["v4.channel.k8s.io"];

function accept(offered: string): { readonly client: string; readonly closed: boolean } {
  const spdy = createSpdyServer();
  const [client, socket] = duplexPair();
  const headers = { upgrade: "SPDY/3.1", "x-stream-protocol-version": offered };
  const request = { headers } as unknown as IncomingMessage;
  spdy.accept({ request, socket, head: Buffer.alloc(0) }, KNOWN, () => undefined);
  const told = String(client.read());
  spdy.close();
  return { client: told, closed: socket.destroyed };
}

it("is asked for by name, in any case", () => {
  expect(asksForSpdy({ headers: { upgrade: "spdy/3.1" } })).toBe(true);
  expect(asksForSpdy({ headers: { upgrade: "websocket" } })).toBe(false);
});

it("agrees to the first protocol both know, and ends its connections with itself", () => {
  expect(accept("v5.channel.k8s.io, v4.channel.k8s.io")).toEqual({
    client:
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n",
    closed: true,
  });
});

it("refuses who knows none, in upstream's words", () => {
  expect(() => accept("channel.k8s.io,v9")).toThrow(
    "unable to upgrade: unable to negotiate protocol: " +
      "client supports [channel.k8s.io v9], server accepts [v4.channel.k8s.io]",
  );
});
