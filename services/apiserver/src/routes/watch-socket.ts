import type { IncomingMessage } from "node:http";
import { type Duplex, Writable } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { FrameSink } from "../watch/watcher.ts";
import { openWatch, type WatchDeps, type WatchedObjects } from "./watch.ts";

/** A connection that asks to become a WebSocket. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes the client sent right after its request. */
  readonly head: Buffer;
}

/** How an event is put into a message, by subprotocol (apiserver/pkg/util/wsstream). */
const FRAMINGS: Readonly<Record<string, (line: Buffer) => Buffer | string>> = {
  "": (line) => line.toString(),
  "binary.k8s.io": (line) => line,
  "base64.binary.k8s.io": (line) => line.toString("base64"),
};

const HIGH_WATER_BYTES = 64 * 1_024;
/** Clients of a watch have nothing to say. */
const MESSAGE_LIMIT = 64 * 1_024;

/** Serves watches over WebSocket: one message an event, close code 1000 at the end. */
export interface WatchSockets {
  /** Throws 400, 410, 422 or 504 before the connection is upgraded. */
  serve(upgrade: Upgrade, watched: WatchedObjects): Promise<void>;
}

/** Creates the server of watches over WebSocket. */
export function createWatchSockets(deps: WatchDeps): WatchSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_LIMIT,
    handleProtocols: (offered) => [...offered].find((name) => name in FRAMINGS) ?? false,
  });
  return {
    async serve({ request, socket, head }, watched) {
      const open = await openWatch(deps, watched);
      server.handleUpgrade(request, socket, head, (client) => {
        // A broken frame: ws says so (1002 or 1009), and ends the connection, after 30 s by force.
        client.on("error", () => {});
        const watch = open(sinkOf(client));
        client.once("close", () => watch[Symbol.dispose]());
        deps.streams.add(client, () => watch.end());
      });
    },
  };
}

function sinkOf(client: WebSocket): FrameSink {
  const frame = FRAMINGS[client.protocol] ?? FRAMINGS[""];
  return new Writable({
    highWaterMark: HIGH_WATER_BYTES,
    write(line: Buffer, _encoding, done) {
      if (client.readyState !== WebSocket.OPEN) done();
      else client.send(frame?.(line.subarray(0, -1)) ?? line, () => done());
    },
    final(done) {
      client.close(1_000);
      done();
    },
    destroy(_error, done) {
      client.terminate();
      done(null);
    },
    // Ended sinks close with their handshake, not at once.
    autoDestroy: false,
  });
}
