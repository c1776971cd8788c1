import { describe, expect, it } from "vitest";
import { createObjectStore } from "../resources/object-store.ts";
import { createMemoryStorage } from "../testing/memory-storage.ts";
import { createWatchCache } from "../watch/cache.ts";
import { createServerLeases, type ServerLeases } from "./server-leases.ts";

interface Cluster {
  join(address: string): ServerLeases;
  advance(ms: number): void;
  connected: boolean;
}

function createCluster(): Cluster {
  const cache = createWatchCache({ events: 100, bytes: 100_000 });
  const store = createObjectStore(createMemoryStorage(cache), cache);
  let time = 0;
  const clock = { now: () => time, monotonic: () => time };
  const cluster: Cluster = {
    join: (ip) => {
      const connected = (): boolean => cluster.connected;
      return createServerLeases({ cache, store, clock, connected }, { ip, port: 6443 });
    },
    advance: (ms) => void (time += ms),
    connected: true,
  };
  return cluster;
}

/** The addresses that live in the eyes of one server, whose own lease is renewed. */
async function liveOf(leases: ServerLeases): Promise<string[]> {
  await leases.renew();
  return (await leases.live()).map(({ ip }) => ip);
}

describe("the lease of an API server", () => {
  it("makes it known, and goes with it", async () => {
    const cluster = createCluster();
    const [first, second] = [cluster.join("192.0.2.1"), cluster.join("2001:db8::2")];
    await second.renew();
    expect(await liveOf(first)).toEqual(["192.0.2.1", "2001:db8::2"]);
    await second.release();
    expect(await liveOf(first)).toEqual(["192.0.2.1"]);
  });

  it("ends 15 s after its last renewal", async () => {
    const cluster = createCluster();
    const [first, second] = [cluster.join("192.0.2.1"), cluster.join("192.0.2.2")];
    await second.renew();
    expect(await liveOf(first)).toHaveLength(2);
    cluster.advance(14_999);
    expect(await liveOf(first)).toHaveLength(2);
    cluster.advance(1);
    expect(await liveOf(first)).toEqual(["192.0.2.1"]);
    expect(await liveOf(second)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });

  it("lasts while it is renewed", async () => {
    const cluster = createCluster();
    const [first, second] = [cluster.join("192.0.2.1"), cluster.join("192.0.2.2")];
    for (let round = 0; round < 10; round += 1) {
      await second.renew();
      expect(await liveOf(first)).toHaveLength(2);
      cluster.advance(10_000);
    }
  });

  it("does not end while nobody can renew one", async () => {
    const cluster = createCluster();
    const [first, second] = [cluster.join("192.0.2.1"), cluster.join("192.0.2.2")];
    await second.renew();
    expect(await liveOf(first)).toHaveLength(2);
    cluster.connected = false;
    cluster.advance(60_000);
    expect((await first.live()).length).toBe(2);
    cluster.connected = true;
    expect(await liveOf(first)).toHaveLength(2);
  });
});
