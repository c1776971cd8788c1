import { networkInterfaces } from "node:os";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import type { DataPlane, DataPlaneOptions } from "../dataplane.ts";
import { endpointIp, freshIp, tableOf } from "./loopback-cluster.ts";
import { ask, openTcp, startGreeters, startTcpBackend } from "./tcp-peers.ts";
import { createTestDataPlane } from "./test-data-plane.ts";
import { openUdp, startUdpEcho, type UdpEcho } from "./udp-peers.ts";

const [ONE, TWO, THREE] = [endpointIp(1), endpointIp(2), endpointIp(3)] as const;

/** Where modes may differ. */
export interface DataPlaneTraits {
  /** An IPv6 address to serve; endpoints are at ::1. */
  readonly clusterIpv6: string;
  /**
   * What a process of the node itself sees of a datagram that is refused, and of one that is
   * dropped: its own kernel tells it at once where the kernel has the rules.
   */
  readonly udpRefused: "ECONNREFUSED" | "EPERM";
  readonly udpDropped: "nothing" | "EPERM";
}

/**
 * What every data plane must do, over real sockets on loopback. A mode's own test file calls this
 * with its factory and adds what only that mode promises.
 */
export function describeDataPlane(mode: string, create: Create, traits: DataPlaneTraits): void {
  describe(`data plane ${mode}`, () => {
    describeTcp(create);
    describeIpv6(create, traits);
    describeAffinity(create);
    describeAffinityLoss(create);
    describeUdp(create, traits);
    describeDrops(create, traits);
    describeChanges(create);
  });
}

type Create = (options: DataPlaneOptions) => DataPlane;

function describeTcp(create: Create): void {
  it("spreads connections by weight (χ² at one in a million), none to weight 0", async () => {
    using backends = disposeAll(await startGreeters([ONE, TWO, THREE]));
    await using test = createTestDataPlane(create);
    const target = { ip: freshIp(), port: await freePort() };
    const weights = { [ONE]: 3, [THREE]: 0 };
    await test.plane.sync(
      tableOf({ ...target, targetPort: backends.port, endpoints: [ONE, TWO, THREE], weights }),
    );
    const connections = 900;
    const counts: Record<string, number> = { [ONE]: 0, [TWO]: 0, [THREE]: 0 };
    for (let n = 0; n < connections; n += 20) {
      const batch = Array.from({ length: 20 }, () => ask(target.ip, target.port));
      for (const answer of await Promise.all(batch)) counts[answer] = (counts[answer] ?? 0) + 1;
    }
    expect(counts[THREE]).toBe(0);
    const chiSquare = [
      { seen: counts[ONE] ?? 0, expected: connections * 0.75 },
      { seen: counts[TWO] ?? 0, expected: connections * 0.25 },
    ].reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(23.93);
  });

  it("refuses while there is no endpoint, and serves when one comes", async () => {
    using backends = disposeAll(await startGreeters([ONE]));
    await using test = createTestDataPlane(create);
    const service = { ip: freshIp(), port: await freePort(), targetPort: backends.port };
    await test.plane.sync(tableOf({ ...service, endpoints: [] }));
    await expect(ask(service.ip, service.port)).rejects.toThrow("ECONNREFUSED");
    await test.plane.sync(tableOf({ ...service, endpoints: [ONE] }));
    expect(await ask(service.ip, service.port)).toBe(ONE);
    await test.plane.sync(tableOf({ ...service, endpoints: [] }));
    await expect(ask(service.ip, service.port)).rejects.toThrow("ECONNREFUSED");
  });

  it("serves NodePorts on the node's address", async () => {
    using backends = disposeAll(await startGreeters([ONE]));
    await using test = createTestDataPlane(create);
    const nodePort = await freePort();
    const target = { ip: freshIp(), port: await freePort(), nodePort };
    await test.plane.sync(tableOf({ ...target, targetPort: backends.port, endpoints: [ONE] }));
    expect(await ask("127.0.0.1", nodePort)).toBe(ONE);
    expect(await ask(target.ip, target.port)).toBe(ONE);
  });
}

function describeIpv6(create: Create, { clusterIpv6 }: DataPlaneTraits): void {
  it.skipIf(!hasIpv6())("serves IPv6", async () => {
    using backends = disposeAll(await startGreeters(["::1"]));
    await using test = createTestDataPlane(create);
    const target = { ip: clusterIpv6, port: await freePort() };
    await test.plane.sync(tableOf({ ...target, targetPort: backends.port, endpoints: ["::1"] }));
    expect(await ask(target.ip, target.port)).toBe("::1");
  });
}

function describeAffinity(create: Create): void {
  it("keeps a client at its endpoint with affinity ClientIP until that endpoint leaves", async () => {
    using backends = disposeAll(await startGreeters([ONE, TWO, THREE]));
    await using test = createTestDataPlane(create);
    const service = {
      ip: freshIp(),
      port: await freePort(),
      targetPort: backends.port,
      spec: { sessionAffinity: "ClientIP" as const },
    };
    await test.plane.sync(tableOf({ ...service, endpoints: [ONE, TWO, THREE] }));
    const first = await ask(service.ip, service.port);
    for (let n = 0; n < 12; n++) expect(await ask(service.ip, service.port)).toBe(first);
    const others = [ONE, TWO, THREE].filter((ip) => ip !== first);
    await test.plane.sync(tableOf({ ...service, endpoints: others }));
    const second = await ask(service.ip, service.port);
    expect(others).toContain(second);
    await test.plane.sync(tableOf({ ...service, endpoints: [ONE, TWO, THREE] }));
    for (let n = 0; n < 12; n++) expect(await ask(service.ip, service.port)).toBe(second);
  });
}

function describeAffinityLoss(create: Create): void {
  it("forgets a client whose endpoint leaves, also when it comes back", async () => {
    using backends = disposeAll(await startGreeters([ONE, TWO]));
    await using test = createTestDataPlane(create);
    const service = {
      ip: freshIp(),
      port: await freePort(),
      targetPort: backends.port,
      spec: { sessionAffinity: "ClientIP" as const },
    };
    await test.plane.sync(tableOf({ ...service, endpoints: [ONE] }));
    expect(await ask(service.ip, service.port)).toBe(ONE);
    await test.plane.sync(tableOf({ ...service, endpoints: [TWO] }));
    const weights = { [TWO]: 1_000_000 };
    await test.plane.sync(tableOf({ ...service, endpoints: [ONE, TWO], weights }));
    expect(await ask(service.ip, service.port)).toBe(TWO);
  });
}

function describeUdp(create: Create, { udpRefused }: DataPlaneTraits): void {
  it("forwards datagrams and answers from the Service's own address", async () => {
    using echo = await startUdpEcho(ONE, 0);
    await using test = createTestDataPlane(create);
    const service = await udpService([echo]);
    await test.plane.sync(tableOf(service));
    using client = await openUdp(service.ip, service.port);
    expect(await client.ask("hello")).toBe(`${ONE} hello`);
  });

  it("refuses while there is no endpoint", async () => {
    await using test = createTestDataPlane(create);
    const service = await udpService([]);
    await test.plane.sync(tableOf(service));
    using client = await openUdp(service.ip, service.port);
    await expect(client.ask("hello")).rejects.toThrow(udpRefused);
  });

  it("moves a client's flow at once when its endpoint stops serving", async () => {
    using one = await startUdpEcho(ONE, 0);
    using two = await startUdpEcho(TWO, one.port);
    await using test = createTestDataPlane(create);
    const service = await udpService([one, two]);
    await test.plane.sync(tableOf(service));
    using client = await openUdp(service.ip, service.port);
    const [first = ""] = (await client.ask("a")).split(" ");
    expect(await client.ask("b")).toBe(`${first} b`);
    const other = first === ONE ? TWO : ONE;
    const lingering = endpoint(first, { ready: false, serving: true, terminating: true });
    await test.plane.sync(tableOf({ ...service, endpoints: [lingering, other] }));
    expect(await client.ask("c")).toBe(`${first} c`);
    const gone = endpoint(first, { ready: false, serving: false, terminating: true });
    await test.plane.sync(tableOf({ ...service, endpoints: [gone, other] }));
    expect(await client.ask("d")).toBe(`${other} d`);
  });
}

function describeDrops(create: Create, { udpDropped }: DataPlaneTraits): void {
  it("drops what a Local policy may not send to another node", async () => {
    using echo = await startUdpEcho(ONE, 0);
    await using test = createTestDataPlane(create);
    const service = {
      ...(await udpService([echo])),
      endpoints: [{ addresses: [ONE], nodeName: "node-2" }],
      spec: { internalTrafficPolicy: "Local" as const },
    };
    await test.plane.sync(tableOf(service));
    using client = await openUdp(service.ip, service.port);
    if (udpDropped === "EPERM") {
      await expect(client.ask("into the void")).rejects.toThrow(udpDropped);
    } else {
      client.send("into the void");
      await waitFor(() => test.stats.rejected.NoLocalEndpoints === 1);
    }
    await test.plane.sync(
      tableOf({ ...service, endpoints: [{ addresses: [ONE], nodeName: "node-1" }] }),
    );
    expect(await client.ask("hello")).toBe(`${ONE} hello`);
  });
}

function describeChanges(create: Create): void {
  it("leaves alone what a change does not concern, and established connections always", async () => {
    using backend = await startTcpBackend(ONE, 0, (socket) => socket.pipe(socket));
    await using test = createTestDataPlane(create);
    const bystander = { name: "bystander", ip: freshIp(), port: await freePort() };
    const changing = { name: "changing", ip: freshIp(), port: await freePort() };
    const rest = { targetPort: backend.port, endpoints: [ONE] };
    await test.plane.sync(tableOf({ ...bystander, ...rest }, { ...changing, ...rest }));
    const [kept, orphan] = await Promise.all([
      openTcp(bystander.ip, bystander.port),
      openTcp(changing.ip, changing.port),
    ]);
    for (const services of [
      [
        { ...bystander, ...rest },
        { ...changing, ...rest, endpoints: [] },
      ],
      [{ ...bystander, ...rest }],
      [
        { ...bystander, ...rest },
        { ...changing, ...rest, endpoints: [TWO, THREE] },
      ],
    ]) {
      await test.plane.sync(tableOf(...services));
      for (const socket of [kept, orphan])
        expect(await echo(socket, "still here")).toBe("still here");
    }
    kept.destroy();
    orphan.destroy();
  });

  it("applies the same table again without touching anything", async () => {
    using backends = disposeAll(await startGreeters([ONE]));
    await using test = createTestDataPlane(create);
    const target = { ip: freshIp(), port: await freePort() };
    const service = { ...target, targetPort: backends.port, endpoints: [ONE] };
    for (let n = 0; n < 3; n++) await test.plane.sync(tableOf(service));
    expect(await ask(target.ip, target.port)).toBe(ONE);
    expect(test.plane.unboundPorts()).toEqual([]);
  });

  it("hands an address from one Service to another", async () => {
    using backends = disposeAll(await startGreeters([ONE, TWO]));
    await using test = createTestDataPlane(create);
    const target = { ip: freshIp(), port: await freePort(), targetPort: backends.port };
    await test.plane.sync(tableOf({ ...target, name: "old", endpoints: [ONE] }));
    expect(await ask(target.ip, target.port)).toBe(ONE);
    await test.plane.sync(tableOf({ ...target, name: "new", endpoints: [TWO] }));
    expect(await ask(target.ip, target.port)).toBe(TWO);
  });
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
}

function disposeAll(
  items: readonly (Disposable & { readonly port: number })[],
): Disposable & { readonly port: number } {
  return {
    port: items[0]?.port ?? 0,
    [Symbol.dispose]: () => items.forEach((item) => item[Symbol.dispose]()),
  };
}

async function udpService(echoes: readonly UdpEcho[]) {
  const targetPort = echoes[0]?.port ?? 9;
  const endpoints = echoes.map(({ ip }) => ip);
  return { ip: freshIp(), port: await freePort(), protocol: "UDP" as const, targetPort, endpoints };
}

function endpoint(
  ip: string,
  conditions: { ready: boolean; serving: boolean; terminating: boolean },
) {
  return { addresses: [ip], conditions };
}

async function echo(socket: NodeJS.ReadWriteStream, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  socket.write(text);
  return promise;
}
