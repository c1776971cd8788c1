import { readFileSync } from "node:fs";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ENGINES, type EngineUnderTest } from "../testing/engines.ts";
import { endpointIp, freshIp, tableOf } from "../testing/loopback-cluster.ts";
import { createTestDataPlane, type TestDataPlaneOptions } from "../testing/test-data-plane.ts";
import {
  openUdp,
  startUdpBackend,
  startUdpEcho,
  type UdpClient,
  type UdpEcho,
} from "../testing/udp-peers.ts";

const [ONE, TWO, DEAD] = [endpointIp(1), endpointIp(2), endpointIp(9)] as const;

describe.each(ENGINES)("over $engine", (under) => {
  describe("UDP flows", () => {
    it("are one per client: a thousand clients each get their own answers", async () => {
      await using path = await openPath(under, [ONE]);
      const clients = await Promise.all(Array.from({ length: 1_000 }, () => path.openClient()));
      for (let start = 0; start < clients.length; start += 100) {
        const batch = clients.slice(start, start + 100);
        const answers = await Promise.all(batch.map(({ ask, port }) => ask(`from ${port}`)));
        expect(answers).toEqual(batch.map(({ port }) => `${ONE} from ${port}`));
      }
      expect(path.test.stats.udpFlowsOpen).toBe(1_000);
      expect(path.echoes[0]?.clients.size).toBe(1_000);
    });

    it("keep their endpoint and their port from datagram to datagram", async () => {
      await using path = await openPath(under, [ONE, TWO]);
      const client = await path.openClient();
      const [first] = (await client.ask("0")).split(" ");
      for (let n = 1; n < 20; n++) expect(await client.ask(String(n))).toBe(`${first} ${n}`);
      expect(path.test.stats.udpFlows).toBe(1);
      expect(path.echoes.map(({ clients }) => clients.size).sort((a, b) => a - b)).toEqual([0, 1]);
    });

    it("end when idle, and begin anew with the next datagram", async () => {
      await using path = await openPath(under, [ONE], { settings: { udpIdleTimeoutMs: 40 } });
      const client = await path.openClient();
      await client.ask("a");
      await waitFor(() => path.test.stats.udpFlowsOpen === 0);
      expect(await client.ask("b")).toBe(`${ONE} b`);
      expect(path.test.stats.udpFlows).toBe(2);
    });

    it("give way to new ones at the limit, the one idle for longest first", async () => {
      const settings = { maxUdpFlows: 2, udpIdleTimeoutMs: 400 };
      await using path = await openPath(under, [ONE], { settings });
      const [first, second, third] = [
        await path.openClient(),
        await path.openClient(),
        await path.openClient(),
      ];
      await first.ask("a");
      await second.ask("b");
      // The order is known to a sweep's precision: the first flow must be seen active in a later one.
      await waitFor(async () => {
        await first.ask("again");
        await third.ask("c");
        const before = path.test.stats.udpFlows;
        await first.ask("kept");
        return path.test.stats.udpFlows === before;
      });
      expect(path.test.stats.udpFlowsOpen).toBe(2);
      expect(path.test.stats.udpFlowsEvicted).toBeGreaterThan(0);
    });

    it("of many more clients than the limit keep to it, and cost no more files", async () => {
      const settings = { maxUdpFlows: 40 };
      await using path = await openPath(under, [ONE], { settings });
      for (let n = 0; n < 400; n += 40) {
        const clients = await Promise.all(Array.from({ length: 40 }, () => path.openClient()));
        const answers = await Promise.all(clients.map((client) => client.ask("hello")));
        expect(new Set(answers)).toEqual(new Set([`${ONE} hello`]));
      }
      expect(path.test.stats).toMatchObject({ udpFlowsOpen: 40, udpFlowsEvicted: 360 });
      await waitFor(() => socketsTo(path.echoes[0]?.port ?? 0) === 40);
    });

    it("are dropped when the endpoint's host answers port unreachable; a retry gets another", async () => {
      using echo = await startUdpEcho(ONE, 0);
      await using path = await openPath(under, [], {
        endpoints: [DEAD, ONE],
        targetPort: echo.port,
      });
      const client = await path.openClient();
      await waitFor(() => {
        client.send("query");
        return echo.clients.size > 0;
      });
      await waitFor(() => path.test.stats.udpFlowsOpen === 1);
      expect(path.test.stats.udpErrors).toBeGreaterThan(0);
    });

    it("do not spin on an endpoint that is gone", async () => {
      await using path = await openPath(under, [], { endpoints: [DEAD], targetPort: 9 });
      const client = await path.openClient();
      client.send("query");
      await waitFor(() => path.test.stats.udpErrors > 0 && path.test.stats.udpFlowsOpen === 0);
      const flows = path.test.stats.udpFlows;
      // One that spins is never idle; one that does not may be busy with something else for a while.
      await waitFor(async () => (await cpuShare(200)) < 0.5);
      expect(path.test.stats.udpFlows).toBe(flows);
    });

    it("to an endpoint that is taken out bring its last answers, and take nothing to it", async () => {
      using slow = await startUdpBackend(DEAD, 0);
      using echo = await startUdpEcho(ONE, slow.port);
      await using path = await openPath(under, [], { endpoints: [DEAD], targetPort: slow.port });
      const client = await path.openClient();
      const asked = client.ask("before");
      await waitFor(() => slow.waiting() === 1);
      await path.serve([ONE]);
      slow.answer();
      expect(await asked).toBe(`${DEAD} before`);
      expect(await client.ask("after")).toBe(`${ONE} after`);
      expect(slow.waiting()).toBe(0);
      expect(echo.clients.size).toBe(1);
      await path.serve([]);
      expect(path.test.stats.udpFlowsOpen).toBe(0);
    });

    it("end at once when their Service goes", async () => {
      await using path = await openPath(under, [ONE]);
      const client = await path.openClient();
      await client.ask("a");
      await path.test.plane.sync(tableOf());
      expect(path.test.stats.udpFlowsOpen).toBe(0);
      await expect(client.ask("b")).rejects.toThrow("ECONNREFUSED");
    });

    it("stay with a client's endpoint across its ports with affinity ClientIP", async () => {
      const spec = { sessionAffinity: "ClientIP" as const };
      await using path = await openPath(under, [ONE, TWO], { spec });
      const [first] = (await (await path.openClient()).ask("a")).split(" ");
      for (let n = 0; n < 12; n++) {
        expect(await (await path.openClient()).ask("b")).toBe(`${first} b`);
      }
    });

    it("tell the tracer of their opening and their end", async () => {
      await using path = await openPath(under, [ONE], { tracing: true });
      const client = await path.openClient();
      await client.ask("12345");
      await path.test.plane.sync(tableOf());
      const [echoClient] = path.echoes[0]?.clients ?? [];
      expect(path.test.hops).toMatchObject([
        {
          type: "forwarded",
          protocol: "UDP",
          client: { ip: "127.0.0.1", port: client.port },
          upstream: { ip: "127.0.0.1", port: echoClient },
          endpoint: { ip: ONE },
        },
        { type: "closed", bytesIn: 5, bytesOut: `${ONE} 12345`.length, reset: false },
      ]);
    });
  });
});

interface PathOptions extends TestDataPlaneOptions {
  readonly endpoints?: readonly string[];
  readonly targetPort?: number;
  readonly spec?: { sessionAffinity: "ClientIP" };
}

/** A UDP Service in front of echoes on the given addresses. */
async function openPath(
  { create }: EngineUnderTest,
  echoIps: readonly string[],
  options: PathOptions = {},
) {
  await using stack = new AsyncDisposableStack();
  const echoes: UdpEcho[] = [];
  for (const ip of echoIps) {
    echoes.push(stack.use(await startUdpEcho(ip, echoes[0]?.port ?? 0)));
  }
  const test = stack.use(createTestDataPlane(create, options));
  const address = { ip: freshIp(), port: await freePort() };
  const serve = (endpoints: readonly string[]): Promise<unknown> =>
    test.plane.sync(
      tableOf({
        ...address,
        protocol: "UDP",
        targetPort: options.targetPort ?? echoes[0]?.port ?? 9,
        endpoints,
        ...(options.spec !== undefined && { spec: options.spec }),
      }),
    );
  await serve(options.endpoints ?? echoIps);
  const owned = stack.move();
  return {
    test,
    echoes,
    /** Puts other endpoints in the place of those there are. */
    serve,
    openClient: async (): Promise<UdpClient> => owned.use(await openUdp(address.ip, address.port)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The part of the next `ms` in which this process computes. */
async function cpuShare(ms: number): Promise<number> {
  const [before, started] = [process.cpuUsage(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (performance.now() - started);
}

/** UDP sockets of this machine that are connected to a port. */
function socketsTo(port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/udp", "utf8").split("\n");
  return rows.filter((row) => row.trim().split(/\s+/)[2]?.endsWith(suffix) === true).length;
}
