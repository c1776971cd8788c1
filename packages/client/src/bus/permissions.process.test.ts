import { type Kind, Kinds, registryKey, registryPrefix } from "@kubehop/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { type Bus, connectionOf } from "./connection.ts";
import { openRegistry, type RegistryWriter } from "./registry.ts";
import { watchRegistry } from "./registry-watch.ts";
import { readSnapshot } from "./snapshot.ts";
import { REGISTRY_STREAM, REGISTRY_SUBJECT } from "./subjects.ts";

const object = new TextEncoder().encode("{}");
/** The server says so, or does not answer at all. */
const DENIED = /permissions violation|timeout|no responders/i;
/** Within this time nats-server answers what it answers. */
const ANSWER_MS = 30_000;
const READERS = ["component", "dns"] as const;
const SECRET = registryKey(Kinds.Secret, { namespace: "default", name: "password" });

interface Watch {
  readonly namespace?: string;
  readonly timeoutMs?: number;
}

describe("bus users", () => {
  let nats: NatsServer;
  const stack = new AsyncDisposableStack();
  const buses = new Map<string, Bus>();
  let registry: RegistryWriter;
  const busOf = (user: string): Bus => buses.get(user) as Bus;

  beforeAll(async () => {
    nats = stack.use(await startNats());
    for (const user of ["apiserver", ...READERS] as const) {
      buses.set(user, stack.use(await nats.connect(user)));
    }
    registry = stack.use(await openRegistry(busOf("apiserver")));
    await registry.create(SECRET, object);
  });
  afterAll(() => stack.disposeAsync());

  /** Whether a watch begins; one that may not never does, so for that the wait is short. */
  const watches = async (user: string, kind: Kind, options: Watch = {}): Promise<boolean> => {
    const { namespace, timeoutMs = 30_000 } = options;
    const filter = registryPrefix(kind, namespace);
    let synced = false;
    await using _watch = watchRegistry(busOf(user), {
      filter,
      onSnapshot: () => (synced = true),
      onEntry: () => {},
    });
    return await waitFor(() => synced, { timeoutMs }).catch(() => false);
  };
  /** The live keys; a nats-server that is slow is asked again. */
  const keys = async (): Promise<string[]> => {
    const connection = connectionOf(busOf("apiserver"));
    const entries = await waitFor(() => readSnapshot(connection, { filter: ">" }));
    return entries.map(({ key }) => key);
  };

  for (const user of READERS) {
    it(`${user} cannot write the registry`, async () => {
      const { nats: connection } = connectionOf(busOf(user));
      const key = registryKey(Kinds.Service, { namespace: "default", name: `by-${user}` });
      const subjects = [
        `${REGISTRY_SUBJECT}.${key}`,
        `evt.${REGISTRY_SUBJECT}.${key}`,
        `$JS.API.STREAM.PURGE.${REGISTRY_STREAM}`,
        `$JS.API.STREAM.DELETE.${REGISTRY_STREAM}`,
        `$JS.API.STREAM.MSG.DELETE.${REGISTRY_STREAM}`,
      ];
      for (const subject of subjects) {
        await expect(connection.request(subject, "{}", { timeout: 300 })).rejects.toThrow(DENIED);
      }
      const live = await keys();
      expect(live).not.toContain(key);
      expect(live).toContain(SECRET);
    });

    it(`${user} cannot make a consumer write for it`, async () => {
      const { nats: connection } = connectionOf(busOf(user));
      const filter = `${REGISTRY_SUBJECT}.services.>`;
      const victim = registryKey(Kinds.Service, { namespace: "default", name: `for-${user}` });
      await registry.create(victim, object);
      const targets = [
        `${REGISTRY_SUBJECT}.services.default.forged`,
        `$JS.API.STREAM.PURGE.${REGISTRY_STREAM}`,
        `$JS.API.STREAM.DELETE.${REGISTRY_STREAM}`,
      ];
      for (const [index, deliver_subject] of targets.entries()) {
        const name = `thief-${index}`;
        const config = {
          name,
          deliver_subject,
          deliver_policy: "all",
          filter_subject: filter,
          ack_policy: "none",
        };
        const create = `$JS.API.CONSUMER.CREATE.${REGISTRY_STREAM}.${name}.${filter}`;
        const body = JSON.stringify({ stream_name: REGISTRY_STREAM, config });
        await connection.request(create, body, { timeout: ANSWER_MS });
      }
      await registry.create(`${victim}-after`, object);
      const live = await keys();
      expect(live).toContain(victim);
      expect(live).not.toContain("services.default.forged");
    });
  }

  it("dns watches what DNS needs", async () => {
    for (const kind of [Kinds.Service, Kinds.EndpointSlice, Kinds.Namespace, Kinds.Pod]) {
      expect(await watches("dns", kind as Kind)).toBe(true);
    }
    expect(await watches("dns", Kinds.Service as Kind, { namespace: "default" })).toBe(true);
  });

  it("dns cannot read secrets", async () => {
    expect(await watches("dns", Kinds.Secret as Kind, { timeoutMs: 1_500 })).toBe(false);
    const connection = connectionOf(busOf("dns"));
    await expect(readSnapshot(connection, { filter: ">" })).rejects.toThrow(DENIED);
    await expect(
      connection.nats.request(`$JS.API.STREAM.MSG.GET.${REGISTRY_STREAM}`, "{}", { timeout: 300 }),
    ).rejects.toThrow(DENIED);
    await expect(
      connection.nats.request(
        `$JS.API.DIRECT.GET.${REGISTRY_STREAM}.${REGISTRY_SUBJECT}.${SECRET}`,
        "",
        { timeout: 300 },
      ),
    ).rejects.toThrow(DENIED);
  });

  it("dns cannot ask for a permitted consumer with another filter inside", async () => {
    const { nats: connection } = connectionOf(busOf("dns"));
    const permitted = `${REGISTRY_SUBJECT}.services.>`;
    const config = { name: "sly", deliver_subject: "_INBOX_dns.sly", ack_policy: "none" };
    for (const filter_subject of [`${REGISTRY_SUBJECT}.secrets.>`, `${REGISTRY_SUBJECT}.>`]) {
      const reply = await connection.request(
        `$JS.API.CONSUMER.CREATE.${REGISTRY_STREAM}.sly.${permitted}`,
        JSON.stringify({ stream_name: REGISTRY_STREAM, config: { ...config, filter_subject } }),
        { timeout: ANSWER_MS },
      );
      expect(reply.json<{ error?: object }>().error).toBeDefined();
    }
  });

  it("component watches everything and exchanges hop events", async () => {
    expect(await watches("component", Kinds.Secret as Kind)).toBe(true);
    const seen: unknown[] = [];
    using _subscription = busOf("apiserver").subscribe("hop.>", (event) => seen.push(event));
    await waitFor(() => {
      busOf("component").publish("hop.kube-proxy.node-1", { type: "closed" });
      return seen.length > 0;
    });
    expect(seen[0]).toEqual({ type: "closed" });
  });

  it("says whom the server refused", async () => {
    const { connectBus } = await import("./connection.ts");
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const options = { url: nats.url, user: "dns", password: "wrong", name: "test", logger };
    await expect(connectBus(options)).rejects.toThrow(/refused the user "dns"/);
  });
});
