import { Kinds, type Pod, registryKey } from "@kubehop/api";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bus } from "./bus/connection.ts";
import { openRegistry, type RegistryWriter } from "./bus/registry.ts";
import { type Change, createInformer, type Informer } from "./informer.ts";
import { createHopTracer } from "./hop-tracer.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function podBytes(name: string, node: string): Uint8Array {
  const managedFields = [{ manager: "test", operation: "Update" }];
  const metadata = { name, namespace: "default", managedFields };
  const pod = { apiVersion: "v1", kind: "Pod", metadata };
  return new TextEncoder().encode(JSON.stringify({ ...pod, spec: { nodeName: node } }));
}

const keyOf = (name: string): string => registryKey(Kinds.Pod, { namespace: "default", name });

describe("informer", () => {
  let nats: NatsServer;
  let writerBus: Bus;
  let bus: Bus;
  let registry: RegistryWriter;
  const stack = new AsyncDisposableStack();

  beforeAll(async () => {
    nats = stack.use(await startNats());
    writerBus = stack.use(await nats.connect("apiserver"));
    bus = stack.use(await nats.connect("component"));
  });
  afterAll(() => stack.disposeAsync());

  const podInformer = (): Informer<Pod> =>
    createInformer({
      bus,
      kind: Kinds.Pod,
      logger: SILENT,
      indexes: { node: (pod) => [pod.spec.nodeName ?? ""] },
    });

  it("waits for a registry that does not exist yet", async () => {
    await using informer = podInformer();
    informer.start();
    informer.start();
    expect(informer.hasSynced()).toBe(false);
    registry = stack.use(await openRegistry(writerBus));
    await informer.synced();
    expect([informer.store.size(), informer.revision()]).toEqual([0, 0]);
  });

  it("tells every change with what was there before, and keeps indexes", async () => {
    const revision = await registry.create(keyOf("told"), podBytes("told", "node-1"));
    await using informer = podInformer();
    const changes: Change<Pod>[] = [];
    informer.onChange((change) => changes.push(change));
    informer.start();
    await informer.synced();
    expect(informer.store.get("default/told")?.metadata).toEqual({
      name: "told",
      namespace: "default",
      resourceVersion: String(revision),
    });
    const updated = await registry.update(keyOf("told"), podBytes("told", "node-2"), revision);
    await registry.delete(keyOf("told"), podBytes("told", "node-2"), updated);
    await waitFor(() => changes.length === 3);
    const nodes = changes.map(({ previous, current }) => [
      previous?.spec.nodeName,
      current?.spec.nodeName,
    ]);
    expect(nodes).toEqual([
      [undefined, "node-1"],
      ["node-1", "node-2"],
      ["node-2", undefined],
    ]);
    expect(informer.store.byIndex("node", "node-2")).toEqual([]);
    expect(informer.revision()).toBe(updated + 1);
  });

  it("goes on when a handler throws or an entry is no object", async () => {
    await using informer = podInformer();
    informer.onChange(() => {
      throw new Error("a faulty handler");
    });
    informer.start();
    await informer.synced();
    const bad = await registry.create(keyOf("bad"), new TextEncoder().encode("{"));
    await registry.create(keyOf("good"), podBytes("good", "node-1"));
    await waitFor(() => informer.store.get("default/good"));
    expect(informer.store.get("default/bad")).toBeUndefined();
    await registry.delete(keyOf("bad"), new Uint8Array(), bad);
  });

  it("rejects synced when the signal aborts", async () => {
    await using informer = podInformer();
    const signal = AbortSignal.abort(new Error("stopped"));
    await expect(informer.synced(signal)).rejects.toThrow("stopped");
  });

  it("ends in the exact state after kills of the server amid random writes", async () => {
    await using informer = podInformer();
    const replayed = new Map<string, string>();
    informer.onChange(({ key, current }) => {
      if (current === undefined) replayed.delete(key);
      else replayed.set(key, current.metadata.resourceVersion ?? "");
    });
    informer.start();
    await informer.synced();
    const writing = writeAtRandom(registry, { names: 40, milliseconds: 1_500 });
    for (let kill = 0; kill < 3; kill += 1) await nats.restart();
    const expected = await writing;
    const stored = (): Map<string, string> =>
      new Map(
        informer.store
          .list()
          .filter((pod) => pod.metadata.name.startsWith("random-"))
          .map((pod) => [pod.metadata.name, pod.metadata.resourceVersion ?? ""]),
      );
    await waitFor(() => isEqual(stored(), expected), {
      describe: () => `${JSON.stringify([...stored()])} = ${JSON.stringify([...expected])}`,
    });
    const all = informer.store.list().map((pod) => `default/${pod.metadata.name}`);
    expect([...replayed.keys()].toSorted()).toEqual(all.toSorted());
  });

  it("traces only while somebody holds the lease, but always tells what it serves", async () => {
    const seen: unknown[] = [];
    using _events = writerBus.subscribe("hop.>", (event) => seen.push(event));
    using tracer = createHopTracer({ bus, component: "kube-proxy", node: "node-1" });
    const closed = { type: "closed", protocol: "TCP", service: "a/b:c" } as const;
    const emit = (): void => tracer.emit(closed as Parameters<typeof tracer.emit>[0]);
    emit();
    await waitFor(() => {
      tracer.synced("7");
      return seen.length > 0;
    });
    expect(seen[0]).toMatchObject({ type: "synced", resourceVersion: "7", node: "node-1" });
    expect(tracer.active()).toBe(false);
    await waitFor(() => {
      writerBus.publish("trace.lease", { expires: Date.now() + 60_000 });
      return tracer.active();
    });
    emit();
    await waitFor(() => seen.some((event) => (event as { type: string }).type === "closed"));
    seen.length = 0;
    writerBus.publish("trace.lease", { expires: Date.now() + 60_000, begins: true });
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([expect.objectContaining({ type: "synced", resourceVersion: "7" })]);
  });
});

function isEqual(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** Creates, updates and deletes; gives the names that are left and their revisions. */
async function writeAtRandom(
  registry: RegistryWriter,
  { names, milliseconds }: { readonly names: number; readonly milliseconds: number },
): Promise<Map<string, string>> {
  const revisions = new Map<string, number>();
  const end = performance.now() + milliseconds;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    while (performance.now() < end) {
      const name = `random-${writer + 4 * Math.floor(Math.random() * (names / 4))}`;
      const last = revisions.get(name);
      const bytes = podBytes(name, `node-${Math.floor(Math.random() * 3)}`);
      if (last === undefined) {
        revisions.set(name, await registry.create(keyOf(name), bytes));
      } else if (Math.random() < 0.3) {
        await registry.delete(keyOf(name), bytes, last);
        revisions.delete(name);
      } else {
        revisions.set(name, await registry.update(keyOf(name), bytes, last));
      }
    }
  });
  await Promise.all(writers);
  return new Map([...revisions].map(([name, revision]) => [name, String(revision)]));
}
