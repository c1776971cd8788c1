import { once } from "node:events";
import type { Socket } from "node:net";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ENGINES, type EngineUnderTest } from "../testing/engines.ts";
import { endpointIp, freshIp, tableOf } from "../testing/loopback-cluster.ts";
import { openTcp, outcomeOf, readAll, startTcpBackend } from "../testing/tcp-peers.ts";
import { createTestDataPlane } from "../testing/test-data-plane.ts";

const BACKEND = endpointIp(1);

describe.each(ENGINES)("over $engine", (under) => {
  /** The two ways to accept must not be told apart by a peer. */
  describe.each([{ portableAccept: false }, { portableAccept: true }])(
    "close semantics, %o",
    (settings) => {
      it("hands on the client's half-close and still carries the answer", async () => {
        await using path = await openPath(under, settings);
        path.client.end("request");
        expect(await readAll(path.server)).toBe("request");
        path.server.end("late answer");
        expect(await readAll(path.client)).toBe("late answer");
        await path.closed();
      });

      it("hands on the server's half-close and still carries what the client sends", async () => {
        await using path = await openPath(under, settings);
        path.server.end("greeting");
        expect(await readAll(path.client)).toBe("greeting");
        path.client.end("late request");
        expect(await readAll(path.server)).toBe("late request");
        await path.closed();
      });

      it("turns a reset by the server into a reset, not an end", async () => {
        await using path = await openPath(under, settings);
        const outcome = outcomeOf(path.client);
        path.server.resetAndDestroy();
        expect(await outcome).toBe("ECONNRESET");
        await path.closed();
      });

      it("turns a reset by the client into a reset, not an end", async () => {
        await using path = await openPath(under, settings);
        const outcome = outcomeOf(path.server);
        path.client.resetAndDestroy();
        expect(await outcome).toBe("ECONNRESET");
        await path.closed();
      });

      it("holds little of a stream whose receiver does not read, and loses nothing of it", async () => {
        await using path = await openPath(under, settings);
        const [chunk, chunks] = [Buffer.alloc(1024 * 1024, "kubehop "), 96];
        path.server.pause();
        for (let n = 0; n < chunks; n++) path.client.write(chunk);
        path.client.end();
        const taken = await stableValue(() => path.test.stats.bytesIn);
        expect(taken).toBeGreaterThan(0);
        // The rest of what the proxy has taken lies in the kernel's buffers (6 MiB by default).
        expect(taken).toBeLessThan(24 * 1024 * 1024);
        let received = 0;
        for await (const part of path.server) {
          const bytes = part as Buffer;
          expect(bytes.equals(chunkAt(chunk, received, bytes.length))).toBe(true);
          received += bytes.length;
        }
        expect(received).toBe(chunk.length * chunks);
      });

      it("tells a client that goes on writing that the server has gone", async () => {
        await using path = await openPath(under, settings);
        path.server.destroy();
        await once(path.client.resume(), "end");
        const outcome = outcomeOf(path.client);
        const writer = setInterval(() => path.client.write("more"), 1);
        expect(["EPIPE", "ECONNRESET"]).toContain(await outcome);
        clearInterval(writer);
        await path.closed();
      });
    },
  );
});

/** A connection from a client through the proxy to a server, with both ends in hand. */
async function openPath({ create }: EngineUnderTest, settings: { portableAccept: boolean }) {
  const stack = new AsyncDisposableStack();
  const backend = stack.use(await startTcpBackend(BACKEND, 0));
  const test = stack.use(createTestDataPlane(create, { settings }));
  const address = { ip: freshIp(), port: await freePort() };
  await test.plane.sync(tableOf({ ...address, targetPort: backend.port, endpoints: [BACKEND] }));
  const client = stack.adopt(await openTcp(address.ip, address.port), destroy);
  const server = stack.adopt(await backend.next(), destroy);
  // A reset before the proxy knows of the connection would be a failed dial, and tried again.
  client.write("ping");
  await once(server, "data");
  server.write("pong");
  await once(client, "data");
  for (const socket of [client, server]) socket.pause();
  return {
    test,
    client,
    server,
    /** Waits until the proxy has let go of the connection. */
    closed: () => waitFor(() => test.stats.tcpConnectionsOpen === 0),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function destroy(socket: Socket): void {
  socket.destroy();
}

/** The value of a counter that has stopped growing. */
async function stableValue(read: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await waitFor(() => {
    same = read() === last ? same + 1 : 0;
    last = read();
    return same >= 10;
  });
  return last;
}

function chunkAt(chunk: Buffer, offset: number, length: number): Buffer {
  const start = offset % 8;
  return chunk.subarray(start, start + length);
}
