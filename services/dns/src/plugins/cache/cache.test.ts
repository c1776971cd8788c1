import { CLASS_IN, Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import { createLogger, createMetrics } from "@kubehop/kit";
import { beforeEach, describe, expect, it } from "vitest";
import { type Handler, PluginError } from "../../chain.ts";
import { createDnsMetrics } from "../../metrics.ts";
import type { SetupContext } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { createReply, type Reply } from "../../reply.ts";
import { createTestQuery } from "../../testing/plugin-fixture.ts";
import { parseText } from "../../testing/parse-text.ts";
import { cache } from "./index.ts";

let now = 0;
let calls = 0;
let answer: () => Reply;

beforeEach(() => {
  now = 0;
  calls = 0;
  answer = () => createReply("test", { answers: [a(100)] });
});

function a(ttl: number, name = "a.example."): ResourceRecord {
  return { name, type: "A", class: CLASS_IN, ttl, address: "192.0.2.1" };
}

function soa(ttl: number, minimum = ttl): ResourceRecord {
  const numbers = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum };
  return {
    name: "example.",
    type: "SOA",
    class: CLASS_IN,
    ttl,
    mname: "n.",
    rname: "r.",
    ...numbers,
  };
}

/** The plugin before a handler that counts its calls. */
function createCache(
  directive: string,
  late: () => Promise<Reply> | undefined = () => undefined,
): (query: Query) => Promise<Reply> {
  const [block] = parseText(`. {\n${directive}\n}`).blocks;
  const context = {
    zones: ["."],
    view: "",
    metrics: createDnsMetrics(createMetrics(), "test"),
    clock: { now: () => now, monotonic: () => now },
    logger: createLogger({ name: "test", level: "silent" }),
  } as unknown as SetupContext;
  const { link } = cache.setup(block?.directives ?? [], context);
  const next: Handler = () => {
    calls++;
    return late() ?? answer();
  };
  const handler = link?.(next) as Handler;
  return async (query) => handler(query);
}

function query(name = "a.example.", parts: Partial<Query> = {}): Query {
  return createTestQuery(name, "A", parts);
}

async function ttls(ask: (query: Query) => Promise<Reply>): Promise<number[]> {
  return (await ask(query())).answers.map(({ ttl }) => ttl);
}

describe("cache", () => {
  it("gives every record one TTL, at the miss too, and counts it down", async () => {
    const ask = createCache("cache 30");
    answer = () => createReply("test", { answers: [a(100), a(50)], authorities: [soa(28_800)] });
    expect(await ttls(ask)).toEqual([30, 30]);
    now = 9_999;
    expect(await ttls(ask)).toEqual([21, 21]);
    now = 30_000;
    expect(await ttls(ask)).toEqual([30, 30]);
    expect(calls).toBe(2);
  });

  it("tells types, classes, DO and CD apart but not the name's case", async () => {
    const ask = createCache("cache");
    await ask(query("A.Example."));
    await ask(query("a.EXAMPLE."));
    expect(calls).toBe(1);
    await ask(query("a.example.", { flags: Flag.CD }));
    const edns = { udpSize: 512, version: 0, dnssecOk: true, options: [] };
    await ask(query("a.example.", { edns }));
    await ask(query("a.example.", { question: { name: "a.example.", type: "AAAA", class: 1 } }));
    expect(calls).toBe(4);
  });

  it.each<[what: string, reply: Partial<Reply>, seconds: number | undefined]>([
    ["NXDOMAIN by its SOA", { rcode: Rcode.NXDOMAIN, authorities: [soa(60, 20)] }, 20],
    ["NODATA by its SOA", { authorities: [soa(7)] }, 7],
    ["NXDOMAIN without SOA", { rcode: Rcode.NXDOMAIN }, undefined],
    ["an empty answer", {}, 5],
    ["TTL 0 as 5", { answers: [a(0)] }, 5],
    ["a long TTL as one hour", { answers: [a(100_000)] }, 3_600],
    ["SERVFAIL", { rcode: Rcode.SERVFAIL }, 5],
    ["REFUSED", { rcode: Rcode.REFUSED }, undefined],
    ["FORMERR", { rcode: Rcode.FORMERR }, undefined],
    ["what is cut off", { flags: Flag.TC, answers: [a(100)] }, undefined],
    ["a CNAME that leads nowhere", { answers: [alias("b.example.")] }, undefined],
    ["a CNAME with its target", { answers: [alias("b.example."), a(9, "b.example.")] }, 9],
  ])("keeps %s", async (_what, reply, seconds) => {
    const ask = createCache("cache");
    answer = () => createReply("test", reply);
    await ask(query());
    now = (seconds ?? 1) * 1000 - 1;
    await ask(query());
    expect(calls).toBe(seconds === undefined ? 2 : 1);
    now += 1;
    await ask(query());
    expect(calls).toBe(seconds === undefined ? 3 : 2);
  });

  it("forces AA on what it keeps", async () => {
    const ask = createCache("cache");
    answer = () => createReply("test", { flags: Flag.RA, answers: [a(10)] });
    expect((await ask(query())).flags).toBe(Flag.RA);
    expect(await ask(query())).toMatchObject({ flags: Flag.RA | Flag.AA, plugin: "cache" });
  });

  it("does not keep what it was told not to", async () => {
    const ask = createCache("cache {\ndisable success other\ndisable denial\n}");
    await ask(query());
    await ask(query());
    expect(calls).toBe(1);
    answer = () => createReply("test", { rcode: Rcode.NXDOMAIN, authorities: [soa(9)] });
    await ask(query("gone.example."));
    await ask(query("gone.example."));
    await ask(query("x.other."));
    await ask(query("x.other."));
    expect(calls).toBe(5);
  });

  it("with keepttl always gives the whole TTL", async () => {
    const ask = createCache("cache {\nkeepttl\n}");
    await ask(query());
    now = 50_000;
    expect(await ttls(ask)).toEqual([100]);
  });

  it("holds no more than its capacity", async () => {
    const ask = createCache("cache {\nsuccess 2\n}");
    for (const name of ["a.", "b.", "c.", "a."]) await ask(query(name, answering(name)));
    expect(calls).toBe(4);
  });

  it("fetches again before the end what is asked for often", async () => {
    const ask = createCache("cache {\nprefetch 2 1m 10%\n}");
    await ask(query());
    now = 80_000;
    await ask(query());
    expect(calls).toBe(1);
    now = 91_000;
    await ask(query());
    await Promise.resolve();
    expect(calls).toBe(2);
    now = 120_000;
    expect(await ttls(ask)).toEqual([71]);
  });

  it("serves an old answer with TTL 0 while it fetches a new one", async () => {
    const ask = createCache("cache {\nserve_stale 1h\n}");
    await ask(query());
    now = 100_000;
    expect(await ttls(ask)).toEqual([0]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(2);
    expect(await ttls(ask)).toEqual([100]);
  });

  it("waits no longer than its time-out for a fresh answer, but keeps it", async () => {
    const fresh = Promise.withResolvers<Reply>();
    let waiting = false;
    const ask = createCache("cache {\nserve_stale verify 5ms 7\n}", () =>
      waiting ? fresh.promise : undefined,
    );
    expect(await ttls(ask)).toEqual([100]);
    now = 200_000;
    waiting = true;
    expect(await ttls(ask)).toEqual([7]);
    fresh.resolve(createReply("test", { answers: [a(50)] }));
    await fresh.promise;
    await expect.poll(() => ttls(ask), { timeout: 10_000 }).toEqual([50]);
  });

  it("with verify serves the old answer only when asking failed", async () => {
    const ask = createCache("cache {\nserve_stale 1h verify 0\n}");
    await ask(query());
    now = 100_000;
    answer = () => {
      throw new PluginError("test", "away");
    };
    expect(await ttls(ask)).toEqual([0]);
    now = 100_000 + 3_600_000;
    await expect(ask(query())).rejects.toThrow("away");
  });
});

function alias(target: string): ResourceRecord {
  return { name: "a.example.", type: "CNAME", class: CLASS_IN, ttl: 60, target };
}

function answering(name: string): Partial<Query> {
  answer = () => createReply("test", { answers: [a(100, name)] });
  return {};
}
