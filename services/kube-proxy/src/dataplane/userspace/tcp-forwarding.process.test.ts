import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { startHungListener } from "../testing/hung-listener.ts";
import { ENGINES } from "../testing/engines.ts";
import { endpointIp, freshIp, tableOf } from "../testing/loopback-cluster.ts";
import { ask, openTcp, outcomeAt, startGreeters, startTcpBackend } from "../testing/tcp-peers.ts";
import { createTestDataPlane } from "../testing/test-data-plane.ts";

const [ONE, TWO, DEAD] = [endpointIp(1), endpointIp(2), endpointIp(9)] as const;

/** The column `tr` of /proc/net/tcp for a connection whose peer is being probed. */
const KEEP_ALIVE_TIMER = "02";

describe.each(ENGINES)("over $engine", ({ create }) => {
  describe("dialling", () => {
    it("goes to another endpoint when one refuses, without the client noticing", async () => {
      const [backend] = await startGreeters([ONE]);
      if (backend === undefined) throw new Error("no backend");
      using _ = backend;
      await using test = createTestDataPlane(create);
      const target = { ip: freshIp(), port: await freePort() };
      await test.plane.sync(
        tableOf({ ...target, targetPort: backend.port, endpoints: [ONE, DEAD] }),
      );
      for (let n = 0; n < 20; n++) expect(await ask(target.ip, target.port)).toBe(ONE);
      expect(test.stats.dialRetries).toBeGreaterThan(0);
      expect(test.stats.rejected.DialFailed).toBe(0);
    });

    it("goes to another endpoint when one does not answer in time, and loses no byte", async () => {
      await using hung = await startHungListener(TWO);
      using backend = await startTcpBackend(ONE, hung.port, (socket) => socket.pipe(socket));
      const settings = { dialTimeoutMs: 30 };
      await using test = createTestDataPlane(create, { settings });
      const target = { ip: freshIp(), port: await freePort() };
      const endpoints = [ONE, TWO];
      await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints }));
      await waitFor(async () => {
        const socket = await openTcp(target.ip, target.port);
        socket.end("sent before an endpoint was there");
        expect(await textOf(socket)).toBe("sent before an endpoint was there");
        return test.stats.dialRetries > 0;
      });
    });

    it("resets the client when no endpoint answers in four tries", async () => {
      await using test = createTestDataPlane(create, { tracing: true });
      const target = { ip: freshIp(), port: await freePort() };
      const targetPort = await freePort();
      await test.plane.sync(tableOf({ ...target, targetPort, endpoints: [DEAD] }));
      expect(await outcomeAt(target.ip, target.port)).toBe("ECONNRESET");
      expect(test.stats.dialRetries).toBe(3);
      expect(test.hops).toMatchObject([{ type: "rejected", reason: "DialFailed" }]);
      await waitFor(() => test.stats.tcpConnectionsOpen === 0);
    });

    it("stops dialling for a client that a shutdown has reset", async () => {
      await using hung = await startHungListener(ONE);
      const test = createTestDataPlane(create);
      const target = { ip: freshIp(), port: await freePort() };
      await test.plane.sync(tableOf({ ...target, targetPort: hung.port, endpoints: [ONE] }));
      const outcome = outcomeAt(target.ip, target.port);
      await waitFor(() => test.stats.tcpConnectionsOpen === 1);
      await test[Symbol.asyncDispose]();
      expect(await outcome).toBe("ECONNRESET");
      await waitFor(() => test.stats.tcpConnectionsOpen === 0);
      expect(test.stats.rejected.DialFailed).toBe(0);
    });
  });

  describe("externalTrafficPolicy Local without an endpoint on this node", () => {
    it.each([
      ["forwards the cluster's own clients", true, ONE],
      [
        "resets clients from outside, since a handshake cannot be dropped here",
        false,
        "ECONNRESET",
      ],
    ])("%s", async (_, fromCluster, expected) => {
      const [backend] = await startGreeters([ONE]);
      if (backend === undefined) throw new Error("no backend");
      using _backend = backend;
      const options = { isFromCluster: () => fromCluster };
      await using test = createTestDataPlane(create, options);
      const nodePort = await freePort();
      const service = { ip: freshIp(), port: await freePort(), nodePort };
      const endpoints = [{ addresses: [ONE], nodeName: "node-2" }];
      const spec = { externalTrafficPolicy: "Local" as const };
      await test.plane.sync(tableOf({ ...service, spec, targetPort: backend.port, endpoints }));
      const answer = fromCluster ? ask("127.0.0.1", nodePort) : outcomeAt("127.0.0.1", nodePort);
      expect(await answer).toBe(expected);
      expect(test.stats.rejected.NoLocalEndpoints).toBe(fromCluster ? 0 : 1);
    });
  });

  describe.each([{ portableAccept: false }, { portableAccept: true }])(
    "keep-alive, %o",
    (settings) => {
      it("watches over the client's and the endpoint's connection", async () => {
        using backend = await startTcpBackend(ONE, 0);
        await using test = createTestDataPlane(create, { settings });
        const target = { ip: freshIp(), port: await freePort() };
        await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] }));
        const client = await openTcp(target.ip, target.port);
        const server = await backend.next();
        await waitFor(async () => {
          expect(await kernelTimer(target.port, client.localPort)).toBe(KEEP_ALIVE_TIMER);
          expect(await kernelTimer(server.remotePort, backend.port)).toBe(KEEP_ALIVE_TIMER);
          return true;
        });
        client.destroy();
      });
    },
  );

  describe("limits", () => {
    it("resets connections above the limit and serves again when there is room", async () => {
      using backend = await startTcpBackend(ONE, 0, (socket) => socket.write("hello"));
      const settings = { maxConnections: 2 };
      await using test = createTestDataPlane(create, { settings, tracing: true });
      const target = { ip: freshIp(), port: await freePort() };
      await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] }));
      const held = await Promise.all([1, 2].map(() => openTcp(target.ip, target.port)));
      await Promise.all(held.map((socket) => once(socket, "data")));
      expect(await outcomeAt(target.ip, target.port)).toBe("ECONNRESET");
      expect(test.stats.rejected.LimitReached).toBe(1);
      for (const socket of held) socket.resetAndDestroy();
      await waitFor(async () => {
        const socket = await openTcp(target.ip, target.port);
        await once(socket, "data");
        socket.destroy();
        return true;
      });
    });

    it("serves the other addresses while one is taken, says so, and takes it when it is free", async () => {
      const [backend] = await startGreeters([ONE]);
      if (backend === undefined) throw new Error("no backend");
      using _ = backend;
      await using test = createTestDataPlane(create);
      const taken = { name: "taken", ip: freshIp(), port: await freePort() };
      const other = { name: "other", ip: freshIp(), port: await freePort() };
      const squatter = createServer((socket) => socket.end("squatter")).listen(
        taken.port,
        taken.ip,
      );
      await once(squatter, "listening");
      const rest = { targetPort: backend.port, endpoints: [ONE] };
      await test.plane.sync(tableOf({ ...taken, ...rest }, { ...other, ...rest }));
      expect(await ask(other.ip, other.port)).toBe(ONE);
      expect(test.plane.unboundPorts()).toMatchObject([
        {
          frontend: `TCP/${taken.ip}:${taken.port}`,
          reason: expect.stringContaining("EADDRINUSE"),
        },
      ]);
      squatter.close();
      await waitFor(() => test.plane.unboundPorts().length === 0);
      expect(await ask(taken.ip, taken.port)).toBe(ONE);
      expect(test.stats.bindFailures).toBeGreaterThan(0);
    });
  });

  describe("bytes", () => {
    it("arrive as they were sent on many connections at once, some of them slow", async () => {
      using backend = await startTcpBackend(ONE, 0, (socket) => socket.pipe(socket));
      await using test = createTestDataPlane(create);
      const target = { ip: freshIp(), port: await freePort() };
      await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] }));
      const transfers = Array.from({ length: 24 }, async (_, n) => {
        const socket = await openTcp(target.ip, target.port);
        const sent = randomBytes(n % 3 === 0 ? 6 * 1024 * 1024 : 1_000 + n);
        socket.end(sent);
        const received = createHash("sha256");
        for await (const chunk of socket) {
          received.update(chunk as Buffer);
          if (n % 6 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        expect(received.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
      });
      await Promise.all(transfers);
      await waitFor(() => test.stats.tcpConnectionsOpen === 0);
      expect(test.stats.bytesOut).toBe(test.stats.bytesIn);
    });
  });

  describe("hop events", () => {
    it("tell the decision, both ends of both connections, and how it closed", async () => {
      let upstream = {};
      using backend = await startTcpBackend(ONE, 0, (socket) => {
        upstream = { ip: socket.remoteAddress, port: socket.remotePort };
        socket.pipe(socket);
      });
      await using test = createTestDataPlane(create, { tracing: true });
      const target = { ip: freshIp(), port: await freePort() };
      const table = tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] });
      await test.plane.sync(table);
      const client = await openTcp(target.ip, target.port);
      const clientPort = client.localPort;
      client.end("12345");
      await textOf(client);
      await waitFor(() => test.hops.length === 2);
      const addresses = {
        protocol: "TCP",
        service: "default/my-api:main",
        client: { ip: "127.0.0.1", port: clientPort },
        frontend: target,
        endpoint: { ip: ONE, port: backend.port },
      };
      expect(test.hops[0]).toEqual({
        type: "forwarded",
        ...addresses,
        upstream,
        candidates: [{ ip: ONE, port: backend.port, weight: 1, probability: 1 }],
        draw: expect.any(Number),
        affinity: false,
        resourceVersion: table.resourceVersion,
        connectMs: expect.any(Number),
      });
      expect(test.hops[1]).toEqual({
        type: "closed",
        ...addresses,
        bytesIn: 5,
        bytesOut: 5,
        durationMs: expect.any(Number),
        reset: false,
      });
    });

    it("are not made while nobody traces", async () => {
      const [backend] = await startGreeters([ONE]);
      if (backend === undefined) throw new Error("no backend");
      using _ = backend;
      await using test = createTestDataPlane(create);
      const target = { ip: freshIp(), port: await freePort() };
      await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] }));
      await ask(target.ip, target.port);
      expect(test.hops).toEqual([]);
    });
  });
});

/** What a connection's timer waits for, by its local and remote port (Linux: proc_net_tcp.rst). */
async function kernelTimer(local = 0, remote = 0): Promise<string | undefined> {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
  const rows = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((row) => row.trim());
  const fields = rows
    .map((row) => row.split(/\s+/))
    .find(([, from, to]) => from?.endsWith(`:${hex(local)}`) && to?.endsWith(`:${hex(remote)}`));
  return fields?.[5]?.split(":")[0];
}

async function textOf(socket: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
