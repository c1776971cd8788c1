import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { loadSyscalls } from "@kubehop/syscalls";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import type { DataPlane, DataPlaneOptions } from "../../dataplane.ts";
import { describeDataPlane } from "../../testing/data-plane-spec.ts";
import { endpointIp, freshIp, tableOf } from "../../testing/loopback-cluster.ts";
import {
  ask,
  openTcp,
  outcomeAt,
  startGreeters,
  startTcpBackend,
} from "../../testing/tcp-peers.ts";
import { createTestDataPlane } from "../../testing/test-data-plane.ts";
import { createWorkersDataPlane } from "./index.ts";

const [ONE, TWO] = [endpointIp(1), endpointIp(2)] as const;
/** The column `st` of /proc/net/tcp. */
const LISTENING = "0A";

const syscalls = await loadSyscalls();
const onTwoThreads = (options: DataPlaneOptions): DataPlane =>
  createWorkersDataPlane({ ...options, settings: { ...options.settings, workers: 2 } });

describe.each([
  { engine: "Node's sockets", createTwoWorkers: onTwoThreads },
  {
    engine: "system calls",
    createTwoWorkers: (options: DataPlaneOptions) => onTwoThreads({ ...options, syscalls }),
  },
])("two workers over $engine", ({ createTwoWorkers }) => {
  describeDataPlane("userspace on two threads", createTwoWorkers, {
    clusterIpv6: "::1",
    udpRefused: "ECONNREFUSED",
    udpDropped: "nothing",
  });

  it("listen both, at the same address, unless the Service has session affinity", async () => {
    await using test = createTestDataPlane(createTwoWorkers);
    const service = { ip: freshIp(), port: await freePort(), targetPort: 9, endpoints: [ONE] };
    await test.plane.sync(tableOf(service));
    expect(await listeners(service)).toBe(2);
    await test.plane.sync(tableOf({ ...service, spec: { sessionAffinity: "ClientIP" } }));
    expect(await listeners(service)).toBe(1);
    await test.plane.sync(tableOf(service));
    expect(await listeners(service)).toBe(2);
    await test.plane.sync(tableOf());
    expect(await listeners(service)).toBe(0);
  });

  it("count together and keep to one limit of connections", async () => {
    using backend = await startTcpBackend(ONE, 0, (socket) => socket.write("hello"));
    const settings = { maxConnections: 8 };
    await using test = createTestDataPlane(createTwoWorkers, { settings, tracing: true });
    const target = { ip: freshIp(), port: await freePort() };
    await test.plane.sync(tableOf({ ...target, targetPort: backend.port, endpoints: [ONE] }));
    const held: Socket[] = [];
    for (let n = 0; n < settings.maxConnections; n++) {
      const socket = await openTcp(target.ip, target.port);
      await once(socket, "data");
      held.push(socket);
    }
    expect(test.stats.tcpConnectionsOpen).toBe(settings.maxConnections);
    expect(await outcomeAt(target.ip, target.port)).toBe("ECONNRESET");
    expect(test.stats.rejected.LimitReached).toBe(1);
    for (const socket of held) socket.resetAndDestroy();
    await waitFor(() => test.stats.tcpConnectionsOpen === 0);
    expect(test.stats.tcpConnections).toBe(settings.maxConnections + 1);
    await waitFor(() => test.hops.length === 2 * settings.maxConnections + 1);
    const types = Map.groupBy(test.hops, ({ type }) => type);
    expect(types.get("forwarded")).toHaveLength(settings.maxConnections);
    expect(types.get("rejected")).toMatchObject([{ reason: "LimitReached" }]);
  });

  it("follow a change together: after a sync no new connection takes the old endpoint", async () => {
    const backends = await startGreeters([ONE, TWO]);
    using _one = backends[0];
    using _two = backends[1];
    await using test = createTestDataPlane(createTwoWorkers);
    const service = { ip: freshIp(), port: await freePort(), targetPort: backends[0]?.port ?? 0 };
    for (let n = 0; n < 12; n++) {
      const expected = n % 2 === 0 ? ONE : TWO;
      await test.plane.sync(tableOf({ ...service, endpoints: [expected] }));
      const answers = Array.from({ length: 8 }, () => ask(service.ip, service.port));
      expect(new Set(await Promise.all(answers))).toEqual(new Set([expected]));
    }
  });

  it("say once that an address is taken, and have it when it is free", async () => {
    await using test = createTestDataPlane(createTwoWorkers);
    const taken = { ip: freshIp(), port: await freePort(), targetPort: 9, endpoints: [ONE] };
    const squatter = createServer().listen(taken.port, taken.ip);
    await once(squatter, "listening");
    await test.plane.sync(tableOf(taken));
    const key = `TCP/${taken.ip}:${taken.port}`;
    expect(test.plane.unboundPorts()).toMatchObject([{ frontend: key }]);
    expect(test.unbound).toHaveLength(1);
    squatter.close();
    await waitFor(() => test.plane.unboundPorts().length === 0);
    expect(await listeners(taken)).toBe(2);
  });
});

/** Listening TCP sockets of this machine at an address, which the kernel writes from its end. */
async function listeners({ ip, port }: { ip: string; port: number }): Promise<number> {
  const hex = (n: number, digits: number): string =>
    n.toString(16).toUpperCase().padStart(digits, "0");
  const octets = ip.split(".").map((octet) => hex(Number(octet), 2));
  const address = `${octets.toReversed().join("")}:${hex(port, 4)}`;
  const rows = (await readFile("/proc/net/tcp", "utf8")).split("\n");
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local === address && state === LISTENING).length;
}
