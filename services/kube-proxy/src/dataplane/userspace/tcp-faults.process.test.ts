import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import type { Socket } from "node:net";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { endpointIp, freshIp, type LoopbackService, tableOf } from "../testing/loopback-cluster.ts";
import {
  ask,
  openTcp,
  outcomeAt,
  outcomeOf,
  startGreeters,
  startTcpBackend,
} from "../testing/tcp-peers.ts";
import { ENGINES, type EngineUnderTest } from "../testing/engines.ts";
import { createTestDataPlane, type TestDataPlaneOptions } from "../testing/test-data-plane.ts";

const [ONE, TWO] = [endpointIp(1), endpointIp(2)] as const;
const MIB = 1024 * 1024;

describe.each(ENGINES)("over $engine", (under) => {
  describe("an endpoint that accepts and never answers", () => {
    it("holds its clients alone, is told of each end, and is let go of", async () => {
      // Long enough for all that happens before the clients go.
      const settings = { halfClosedTimeoutMs: 5_000 };
      await using path = await openPath(under, (socket) => socket.pause(), { settings });
      const [leaving, resetting] = [await path.open(), await path.open()];
      leaving.end("request");
      resetting.write("request");
      await waitFor(() => path.backend.accepted.length === 2);
      // The others are served all the while.
      const [greeter] = await startGreeters([TWO]);
      using _ = greeter;
      const other = { name: "other", ip: freshIp(), port: await freePort() };
      await path.serve({ ...other, targetPort: greeter?.port ?? 0, endpoints: [TWO] });
      expect(await ask(other.ip, other.port)).toBe(TWO);
      const outcomes = path.backend.accepted.map(outcomeOf);
      resetting.resetAndDestroy();
      expect((await Promise.all(outcomes)).toSorted()).toEqual(["ECONNRESET", "end"]);
      // Nobody tells the proxy when a client goes that has ended its side before: its time runs out.
      leaving.resetAndDestroy();
      await waitFor(() => path.test.stats.tcpConnectionsOpen === 0);
      expect(path.test.stats.rejected.DialFailed).toBe(0);
    });
  });

  describe("a reset in the middle of a stream", () => {
    it("of the endpoint is a reset for a client that is behind, never an end", async () => {
      await using path = await openPath(under, (socket) => socket.write(Buffer.alloc(32 * MIB)));
      const { client, server } = await stall(path);
      server.resetAndDestroy();
      expect(await outcomeOf(client)).toBe("ECONNRESET");
      await waitFor(() => path.test.stats.tcpConnectionsOpen === 0);
    });

    it("of the client is a reset for an endpoint whose bytes nobody takes any more", async () => {
      await using path = await openPath(under, (socket) => socket.write(Buffer.alloc(32 * MIB)));
      const { client, server } = await stall(path);
      const outcome = outcomeOf(server);
      client.resetAndDestroy();
      expect(["ECONNRESET", "EPIPE"]).toContain(await outcome);
      await waitFor(() => path.test.stats.tcpConnectionsOpen === 0);
    });

    it("leaves the other streams whole", async () => {
      await using path = await openPath(under, (socket) => socket.pipe(socket));
      const survivor = await path.open();
      const sent = randomBytes(8 * MIB);
      const received: Buffer[] = [];
      survivor.on("data", (chunk: Buffer) => received.push(chunk));
      survivor.end(sent);
      for (let n = 0; n < 20; n++) {
        const victim = await path.open();
        victim.write(randomBytes(MIB));
        await once(victim, "data");
        victim.resetAndDestroy();
      }
      if (!survivor.readableEnded) await once(survivor, "end");
      expect(Buffer.concat(received).equals(sent)).toBe(true);
      await waitFor(() => path.test.stats.tcpConnectionsOpen === 0);
    });
  });

  describe("more clients than the limit", () => {
    it("are reset at once, cost no file, and leave none behind", async () => {
      const settings = { maxConnections: 20 };
      await using path = await openPath(under, (socket) => socket.write("hello"), { settings });
      const before = await openFiles();
      const held = await Promise.all(Array.from({ length: 20 }, () => path.open()));
      await Promise.all(held.map((socket) => once(socket, "data")));
      for (let n = 0; n < 10; n++) {
        const outcomes = Array.from({ length: 30 }, () => outcomeAt(path.ip, path.port));
        expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["ECONNRESET"]));
      }
      expect(path.test.stats.rejected.LimitReached).toBe(300);
      expect(path.test.stats.tcpConnectionsOpen).toBe(20);
      for (const socket of held) socket.resetAndDestroy();
      await waitFor(() => path.test.stats.tcpConnectionsOpen === 0);
      await waitFor(async () => (await openFiles()) <= before);
    });
  });
});

/** A data plane with one Service in front of one endpoint. */
async function openPath(
  { create }: EngineUnderTest,
  onConnection: (socket: Socket) => void,
  options?: TestDataPlaneOptions,
) {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await startTcpBackend(ONE, 0, onConnection));
  const test = stack.use(createTestDataPlane(create, options));
  const target = { ip: freshIp(), port: await freePort() };
  const service = { ...target, targetPort: backend.port, endpoints: [ONE] };
  await test.plane.sync(tableOf(service));
  const owned = stack.move();
  return {
    ...target,
    backend,
    test,
    open: () => openTcp(target.ip, target.port),
    serve: (other: LoopbackService) => test.plane.sync(tableOf(service, other)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A client that takes no more of a stream that has begun, and its endpoint's side. */
async function stall({ open, backend }: Awaited<ReturnType<typeof openPath>>) {
  const client = await open();
  await once(client, "data");
  client.pause();
  const server = await backend.next();
  await waitFor(() => server.writableLength > 0);
  return { client, server };
}

async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}
