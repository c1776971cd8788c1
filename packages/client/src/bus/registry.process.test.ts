import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { type Bus, connectBus } from "./connection.ts";
import { openLink } from "../testing/link.ts";
import { openRegistry, type RegistryWriter, RevisionMismatch } from "./registry.ts";
import type { RegistryEntry } from "./registry-entry.ts";
import { watchRegistry } from "./registry-watch.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

describe("registry", () => {
  let nats: NatsServer;
  let bus: Bus;
  let registry: RegistryWriter;

  beforeAll(async () => {
    nats = await startNats();
    bus = await nats.connect("apiserver");
    registry = await openRegistry(bus);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
    await nats[Symbol.asyncDispose]();
  });

  it("gives rising revisions over all keys", async () => {
    const first = await registry.create("services.rise.a", bytes("1"));
    const second = await registry.create("pods.rise.a", bytes("1"));
    const third = await registry.update("services.rise.a", bytes("2"), first);
    expect([second, third]).toEqual([first + 1, first + 2]);
  });

  it("refuses a write that lost the race", async () => {
    const revision = await registry.create("services.race.a", bytes("1"));
    await registry.update("services.race.a", bytes("2"), revision);
    const { create, update, delete: remove } = registry;
    const lost = [
      () => create("services.race.a", bytes("3")),
      () => update("services.race.a", bytes("3"), revision),
      () => remove("services.race.a", bytes("3"), revision),
      () => update("services.race.none", bytes("3"), revision),
    ];
    for (const write of lost) await expect(write()).rejects.toBeInstanceOf(RevisionMismatch);
  });

  it("lets exactly one of many writers win", async () => {
    const revision = await registry.create("services.win.a", bytes("0"));
    const writes = Array.from({ length: 20 }, (_, i) =>
      registry.update("services.win.a", bytes(String(i)), revision).then(
        () => true,
        () => false,
      ),
    );
    expect((await Promise.all(writes)).filter(Boolean)).toHaveLength(1);
  });

  it("creates again what was deleted", async () => {
    const created = await registry.create("services.again.a", bytes("1"));
    const deleted = await registry.delete("services.again.a", bytes("1"), created);
    expect(await registry.create("services.again.a", bytes("2"))).toBeGreaterThan(deleted);
  });

  it("knows the last revision of a key: of its value, of its deletion, or none", async () => {
    const key = "services.last.a";
    expect(await registry.lastRevision(key)).toBe(0);
    const created = await registry.create(key, bytes("1"));
    expect(await registry.lastRevision(key)).toBe(created);
    const deleted = await registry.delete(key, bytes("1"), created);
    expect(await registry.lastRevision(key)).toBe(deleted);
  });

  it("carries a value of 2 MiB", async () => {
    const value = new Uint8Array(2 * 1024 * 1024).fill(97);
    await expect(registry.create("secrets.large.a", value)).resolves.toBeGreaterThan(0);
  });

  it("finishes a write while the server is killed, once", async () => {
    const revision = await registry.create("services.kill.a", bytes("1"));
    await nats.kill();
    const write = registry.update("services.kill.a", bytes("2"), revision);
    await nats.restart();
    const written = await write;
    await expect(registry.update("services.kill.a", bytes("3"), written)).resolves.toBe(
      written + 1,
    );
  });

  it("knows the last revision of all, and says so when it can't", async () => {
    const written = await registry.create("services.newest.a", bytes("1"));
    expect(await registry.revision()).toBe(written);
    await nats.kill();
    await waitFor(() => !bus.connected());
    await expect(registry.revision()).rejects.toThrow("lost");
    await nats.restart();
    await waitFor(() => bus.connected());
    expect(await waitFor(() => registry.revision())).toBe(written);
  });

  describe("when the first acknowledgement is lost, and the server's memory of it, too", () => {
    /** A write whose answer does not come before somebody else may write, and nats-server dies. */
    async function writeBlindly(key: string, meanwhile: (revision: number) => Promise<unknown>) {
      await using link = await openLink(nats.url);
      const options = { user: "apiserver", password: nats.passwords.apiserver } as const;
      await using far = await connectBus({
        ...options,
        url: link.url,
        name: "far",
        logger: SILENT,
      });
      await using writer = await openRegistry(far);
      const first = await registry.create(key, bytes("1"));
      link.mute();
      const write = writer.update(key, bytes("2"), first).catch((error: unknown) => error);
      const revision = await waitFor(async () => {
        const last = await registry.lastRevision(key);
        return last > first && last;
      });
      await meanwhile(revision);
      await nats.restart();
      await waitFor(() => bus.connected());
      return { outcome: await write, revision };
    }

    it("knows that it did happen as long as it shows", async () => {
      const { outcome, revision } = await writeBlindly("services.blind.a", async () => {});
      expect(outcome).toBe(revision);
    });

    it("does not say that it lost a race which it won before somebody else wrote", async () => {
      const key = "services.blind.b";
      const { outcome } = await writeBlindly(key, (revision) =>
        registry.update(key, bytes("3"), revision),
      );
      expect(outcome).not.toBeInstanceOf(RevisionMismatch);
      expect((outcome as Error).message).toContain("written over");
    });
  });

  it("tells a watcher of a key that came and went while nobody listened", async () => {
    await using link = await openLink(nats.url);
    const { url } = link;
    const options = { user: "component", password: nats.passwords.component } as const;
    await using far = await connectBus({ ...options, url, name: "far", logger: SILENT });
    const told: number[] = [];
    const gaps: number[] = [];
    let synced = false;
    await using _watch = watchRegistry(far, {
      filter: "services.>",
      onSnapshot: () => (synced = true),
      onEntry: ({ revision }) => told.push(revision),
      onGap: (revision) => gaps.push(revision),
    });
    await waitFor(() => synced);
    link.cut();
    await waitFor(() => !far.connected());
    const created = await registry.create("services.away.a", bytes("1"));
    const deleted = await registry.delete("services.away.a", bytes("1"), created);
    link.mend();
    await waitFor(() => told.includes(deleted));
    expect(gaps).toEqual([deleted]);
  });

  it("tells a watcher of everything the writes of two connections in their order", async () => {
    await using other = await nats.connect("apiserver");
    await using second = await openRegistry(other);
    const told: number[] = [];
    let start: number | undefined;
    const gaps: number[] = [];
    await using _watch = watchRegistry(bus, {
      filter: ">",
      onSnapshot: (_entries, revision) => (start = revision),
      onEntry: ({ revision }) => told.push(revision),
      onGap: (revision) => gaps.push(revision),
    });
    const first = await waitFor(() => start);
    // nats-server 2.9.10 publishes some dozens of these before what it has stored before them.
    const count = 6_000;
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let i = writer; i < count; i += 16) {
        await (i % 2 === 0 ? registry : second).create(`pods.order.p-${i}`, bytes("1"));
      }
    });
    await Promise.all(writers);
    await waitFor(() => told.length >= count, { timeoutMs: 30_000 });
    expect(told).toEqual(Array.from({ length: count }, (_, i) => first + 1 + i));
    expect(gaps).toEqual([]);
  });

  it("tells a watcher deletions with the last object, and nothing of lost races", async () => {
    const seen: RegistryEntry[] = [];
    let snapshot: readonly RegistryEntry[] | undefined;
    const live = await registry.create("services.told.live", bytes("l"));
    const gone = await registry.create("services.told.gone", bytes("g"));
    await registry.delete("services.told.gone", bytes("g"), gone);
    await using _watch = watchRegistry(bus, {
      filter: "services.told.>",
      onSnapshot: (entries) => (snapshot = entries),
      onEntry: (entry) => seen.push(entry),
    });
    await waitFor(() => snapshot !== undefined);
    expect(snapshot?.map((entry) => entry.key)).toEqual(["services.told.live"]);
    await registry.update("services.told.live", bytes("x"), 1).catch(() => {});
    await registry.delete("services.told.live", bytes("last"), live);
    await waitFor(() => seen.length > 0);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.deleted && text(seen[0].lastValue)).toBe("last");
  });

  it("has complete snapshots while keys are written", async () => {
    const count = 500;
    const revisions = new Map<string, number>();
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const key = `pods.busy.p-${i}`;
        revisions.set(key, await registry.create(key, bytes("1")));
      }),
    );
    const stop = new AbortController();
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let i = writer; !stop.signal.aborted; i = (i + 16) % count) {
        const key = `pods.busy.p-${i}`;
        const last = revisions.get(key) ?? 0;
        revisions.set(key, await registry.update(key, bytes("2"), last).catch(() => last));
      }
    });
    for (let round = 0; round < 20; round += 1) {
      let size: number | undefined;
      await using _watch = watchRegistry(bus, {
        filter: "pods.busy.>",
        onSnapshot: (entries) => (size = entries.length),
        onEntry: () => {},
      });
      expect(await waitFor(() => size)).toBe(count);
    }
    stop.abort();
    await Promise.all(writers);
  });
});
