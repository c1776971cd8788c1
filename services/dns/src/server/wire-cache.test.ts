import { decodeMessage, Flag, type Message, type ResourceRecord } from "@kubehop/dns-wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namespace, pod, service, slice } from "../testing/cluster-objects.ts";
import { type AskOptions, queryBytes } from "../testing/dns-fixture.ts";
import { createMemoryServer, type MemoryServer } from "../testing/memory-server.ts";
import { createMemorySource, type MemorySource } from "../testing/memory-source.ts";
import { createTestQuery } from "../testing/plugin-fixture.ts";
import { createReply } from "../reply.ts";
import type { Packet } from "./responder.ts";
import { createWireCache } from "./wire-cache.ts";
import { readWireKey, type WireKey } from "./wire-key.ts";

/** Corefiles by what is particular about them; whether hot names may be answered without plugins. */
const COREFILES: readonly (readonly [what: string, hot: boolean, inside: string])[] = [
  [
    "a cluster's plugins",
    true,
    `errors
     kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
     }
     prometheus :9153
     template ANY ANY {
        answer "{{ .Name }} 9 IN A 192.0.2.1"
     }
     cache 30
     loop
     loadbalance`,
  ],
  [
    "cluster names not cached",
    true,
    `kubernetes cluster.local in-addr.arpa {
        pods verified
     }
     prometheus
     cache 30 {
        disable success cluster.local
        disable denial cluster.local
     }
     minimal
     bufsize 600`,
  ],
  ["only kubernetes", true, "kubernetes cluster.local\nprometheus"],
  [
    "labels and names of pods",
    true,
    "kubernetes cluster.local {\nlabels app=web\nendpoint_pod_names\n}",
  ],
  ["every query in the log", false, "log\nkubernetes cluster.local"],
  [
    "some clients refused",
    false,
    "acl {\nblock net 192.0.2.0/24\n}\nkubernetes cluster.local\nprometheus",
  ],
  [
    "names rewritten",
    false,
    "rewrite name old.default.svc.cluster.local web.default.svc.cluster.local\nkubernetes cluster.local\ncache",
  ],
  ["what the client is", false, "whoami"],
  ["every third query dropped", false, "erratic {\ndrop 3\n}"],
  [
    "a view",
    false,
    "view inside {\nexpr incidr(client_ip(), '10.0.0.0/8')\n}\nkubernetes cluster.local",
  ],
  [
    "a template of the client",
    false,
    'template IN A {\nanswer "{{ .Name }} 9 IN TXT {{ .Remote }}"\n}\ncache',
  ],
  [
    "flags and one record of any",
    true,
    "any\nheader {\nclear rd\nset ra\n}\nnsid x\nkubernetes cluster.local",
  ],
];

type Step =
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "change"; readonly what: Change }
  | { readonly kind: "wait"; readonly ms: number };

interface Question extends AskOptions {
  readonly name: string;
  readonly type: string;
  readonly client: string;
}

interface Change {
  readonly what: keyof typeof CHANGES;
  readonly name: string;
  readonly count: number;
}

const SERVICES = ["web", "db", "old"];
const NAMES = [
  ...SERVICES.flatMap((name) => [
    `${name}.default.svc.cluster.local.`,
    `${name.toUpperCase()}.Default.svc.cluster.LOCAL.`,
    `_http._tcp.${name}.default.svc.cluster.local.`,
    `10-244-0-1.${name}.default.svc.cluster.local.`,
  ]),
  "1.0.96.10.in-addr.arpa.",
  "1.0.244.10.in-addr.arpa.",
  "10-244-0-1.default.pod.cluster.local.",
  "default.svc.cluster.local.",
  "cluster.local.",
  "dns-version.cluster.local.",
  "www.example.com.default.svc.cluster.local.",
  "www.example.com.",
];
const EDNS = [
  undefined,
  { udpSize: 512 },
  { udpSize: 4096 },
  { udpSize: 1232, dnssecOk: true },
  { version: 1 },
  { options: [{ code: 10, data: Buffer.from("12345678") }] },
];

const question: fc.Arbitrary<Question> = fc.record({
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom("A", "A", "A", "AAAA", "SRV", "PTR", "TXT", "SOA", "NS", "ANY", "HTTPS"),
  client: fc.constantFrom("10.1.0.1", "192.0.2.9"),
  protocol: fc.constantFrom("udp", "udp", "tcp"),
  flags: fc.constantFrom(Flag.RD, Flag.RD, 0, Flag.AD, Flag.RD | Flag.CD),
  edns: fc.constantFrom(...EDNS),
}) as fc.Arbitrary<Question>;

interface Changed {
  readonly source: MemorySource;
  readonly key: string;
  readonly labels: Record<string, string>;
  readonly count: number;
}

const CHANGES = {
  service: ({ source, key, labels, count }: Changed) =>
    source.services.apply(service(key, { clusterIP: `10.96.0.${count}` }, labels)),
  headless: ({ source, key, labels }: Changed) =>
    source.services.apply(service(key, { clusterIP: "None" }, labels)),
  external({ source, key, labels, count }: Changed) {
    const externalName = count === 1 ? "www.example.com" : "web.default.svc.cluster.local";
    source.services.apply(service(key, { type: "ExternalName", externalName }, labels));
  },
  "no service": ({ source, key }: Changed) => source.services.remove(key),
  slice({ source, key, count }: Changed) {
    const addresses = Array.from({ length: count }, (_, index) => [`10.244.0.${index + 1}`]);
    const endpoints = addresses.map((each) => ({ addresses: each }));
    source.slices.apply(slice(key, { endpoints }));
  },
  "no slice": ({ source, key }: Changed) => source.slices.remove(`${key}-1`),
  namespace: ({ source }: Changed) => source.namespaces.apply(namespace("default")),
  "no namespace": ({ source }: Changed) => source.namespaces.remove("default"),
  pod: ({ source, count }: Changed) => source.pods.apply(pod("default/one", `10.244.0.${count}`)),
  "no pod": ({ source }: Changed) => source.pods.remove("default/one"),
};

/** Slices change most. */
const WHAT = ["slice", ...Object.keys(CHANGES)] as (keyof typeof CHANGES)[];

const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom(...WHAT),
  name: fc.constantFrom(...SERVICES),
  count: fc.constantFrom(0, 1, 2, 40),
});

/** A few questions that come again and again between changes. */
const steps: fc.Arbitrary<Step[]> = fc
  .array(question, { minLength: 2, maxLength: 5 })
  .chain((asked) => {
    const ask = fc.constantFrom(...asked).map((each) => ({ kind: "ask" as const, question: each }));
    const apply = change.map((what) => ({ kind: "change" as const, what }));
    const wait = fc.integer({ min: 0, max: 4_000 }).map((ms) => ({ kind: "wait" as const, ms }));
    const step = fc.oneof(
      { weight: 8, arbitrary: ask },
      { weight: 2, arbitrary: apply },
      { weight: 1, arbitrary: wait },
    );
    return fc.array(step, { minLength: 40, maxLength: 100, size: "max" });
  });

function applyChange(source: MemorySource, { what, name, count }: Change): void {
  const labels = { app: count === 1 ? "other" : "web" };
  CHANGES[what]({ source, key: `default/${name}`, labels, count });
}

interface Pair {
  readonly source: MemorySource;
  readonly cached: MemoryServer;
  readonly plain: MemoryServer;
  wait(ms: number): void;
}

function createPair(inside: string): Pair {
  const source = createMemorySource();
  source.namespaces.apply(namespace("default"));
  source.services.apply(service("default/web", { clusterIP: "10.96.0.1" }));
  source.services.apply(service("default/db", { clusterIP: "None" }));
  let now = 1_000_000;
  const options = { corefile: `.:53 {\n${inside}\n}`, source, now: () => now };
  return {
    source,
    cached: createMemoryServer({ ...options, wireCache: true }),
    plain: createMemoryServer({ ...options, wireCache: false }),
    wait(ms) {
      now += ms;
    },
  };
}

let id = 0;

function packetOf({ name, type, client, ...options }: Question): Packet {
  const bytes = queryBytes(name, type, options);
  bytes.writeUInt16BE(++id & 0xffff, 0);
  return { bytes, client: { ip: client, port: 40_000 }, protocol: options.protocol ?? "udp" };
}

/** What an answer says, the order of addresses and the case of the records' names aside. */
function meaning(answer: unknown): unknown {
  if (!Buffer.isBuffer(answer)) return answer;
  const message: Message = decodeMessage(answer);
  const cut = (message.flags & Flag.TC) !== 0;
  const lines = (records: readonly ResourceRecord[]): unknown =>
    // Which of the addresses are left out is drawn, too.
    cut ? records.length : records.map((record) => JSON.stringify(record).toLowerCase()).toSorted();
  const { answers, authorities, additionals, ...head } = message;
  return {
    head,
    sections: [answers, authorities, additionals].map(lines),
    octets: cut || answer.length,
  };
}

/** Counters of queries, answers and the cache; sums of times aside. */
async function counts({ metrics }: MemoryServer): Promise<string[]> {
  const text = await metrics.registry.metrics();
  const names =
    /^coredns_(dns_(requests|responses|do)|cache_(requests|hits|misses)|dns_\w+_size|dns_request_duration_seconds_count)/;
  return text.split("\n").filter((line) => names.test(line) && !line.endsWith(" 0"));
}

async function run({ source, cached, plain, wait }: Pair, drawn: readonly Step[]): Promise<void> {
  for (const each of drawn) {
    if (each.kind === "change") applyChange(source, each.what);
    else if (each.kind === "wait") wait(each.ms);
    else {
      const packet = packetOf(each.question);
      const [with_, without] = [await cached.respond(packet), await plain.respond(packet)];
      expect(meaning(with_)).toEqual(meaning(without));
    }
  }
  expect(await counts(cached)).toEqual(await counts(plain));
}

describe("the wire cache", () => {
  it.each(COREFILES)("answers and counts as the plugins do: %s", async (_what, hot, inside) => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => run(createPair(inside), drawn)),
      { numRuns: hot ? 40 : 8 },
    );
  });

  it.each(COREFILES)("is used where plugins allow it: %s", async (_what, hot, inside) => {
    const { cached } = createPair(inside);
    const asked = { name: "web.default.svc.cluster.local.", type: "A", client: "10.1.0.1" };
    for (let round = 0; round < 3; round++) await cached.respond(packetOf(asked));
    const before = cached.asked();
    await cached.respond(packetOf(asked));
    expect(cached.asked() - before).toBe(hot ? 0 : 1);
  });

  it.each([
    ["entries", { entries: 2, octets: 10_000 }],
    ["octets", { entries: 100, octets: 100 }],
  ])("holds no more %s than it may; the oldest go first", (_what, limits) => {
    const cache = createWireCache(limits);
    const packets = ["a.", "b.", "c."].map((name) =>
      packetOf({ name, type: "A", client: "192.0.2.1" }),
    );
    const reply = { ...createReply("test"), reuse: { anyCase: true, take: () => true } };
    for (const packet of packets) {
      const bytes = Buffer.alloc(50);
      cache.keep(keyOf(packet), { query: createTestQuery("a."), reply, bytes });
    }
    const kept = packets.map((packet) => cache.answer(packet, keyOf(packet), 0) !== undefined);
    expect(kept).toEqual([false, true, true]);
  });
});

function keyOf(packet: Packet): WireKey {
  const key = readWireKey(packet);
  if (key === undefined) throw new Error("this packet is no usual query");
  return key;
}
