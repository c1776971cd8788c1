import { execFile } from "node:child_process";
import { once } from "node:events";
import { createSocket, type RemoteInfo } from "node:dgram";
import { promisify } from "node:util";
import {
  decodeMessage,
  encodeMessage,
  Flag,
  frameMessage,
  type Message,
  Opcode,
  rcodeName,
} from "@kubehop/dns-wire";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeAnswer } from "../../testing/answer-decoders.ts";
import {
  ask,
  askBoth,
  type DnsFixture,
  openTcp,
  queryBytes,
  readFrames,
  recordLines,
  sendUdp,
  startDns,
} from "../../testing/dns-fixture.ts";

const ZONE = `$TTL 300
@           SOA   ns1 hostmaster 2026010101 7200 3600 1209600 60
            NS    ns1
            NS    ns.elsewhere.test.
            MX    10 mail
ns1         A     192.0.2.53
mail        A     192.0.2.25
mail        AAAA  2001:db8::25
www         CNAME web
web         A     192.0.2.80
out         CNAME outside.test.
loop-a      CNAME loop-b
loop-b      CNAME loop-a
_http._tcp  SRV   0 5 80 web
*.wild      A     192.0.2.99
*.wild      TXT   "starry"
one.wild    TXT   "real"
deep.ent.x  A     192.0.2.7
sub         NS    ns.sub
sub         NS    ns1
sub         DS    1 8 2 ${"ab".repeat(32)}
ns.sub      A     192.0.2.54
old         DNAME new
a.new       A     192.0.2.55
`;

const corefile = (more = "", zone = "example.org") => `.:0 {
  bind 127.0.0.1
  errors
  file db ${zone} {
    reload 1s
    ${more}
  }
  hosts /dev/null outside.test {
    192.0.2.200 outside.test
    192.0.2.201 missing.example.org
  }
  transfer {
    to 127.0.0.1
  }
}`;

let dns: DnsFixture;
beforeAll(async () => {
  dns = await startDns({ corefile: corefile(), files: { db: ZONE } });
});
afterAll(() => dns[Symbol.asyncDispose]());

const SOA =
  "example.org. 60 SOA ns1.example.org. hostmaster.example.org. 2026010101 7200 3600 1209600 60";
const NS = ["example.org. 300 NS ns.elsewhere.test.", "example.org. 300 NS ns1.example.org."];

interface Expected {
  readonly rcode?: string;
  readonly answers?: readonly string[];
  readonly authorities?: readonly string[];
  readonly additionals?: readonly string[];
  readonly aa?: boolean;
}

const CASES: readonly (readonly [name: string, type: string, expected: Expected])[] = [
  ["web", "A", { answers: ["web.example.org. 300 A 192.0.2.80"], authorities: NS }],
  ["WEB", "A", { answers: ["WEB.example.org. 300 A 192.0.2.80"], authorities: NS }],
  ["web", "AAAA", { authorities: [SOA] }],
  ["missing", "A", { rcode: "NXDOMAIN", authorities: [SOA] }],
  ["ent.x", "A", { authorities: [SOA] }],
  ["none.x", "A", { rcode: "NXDOMAIN", authorities: [SOA] }],
  [
    "www",
    "A",
    {
      answers: ["web.example.org. 300 A 192.0.2.80", "www.example.org. 300 CNAME web.example.org."],
      authorities: NS,
    },
  ],
  ["www", "CNAME", { answers: ["www.example.org. 300 CNAME web.example.org."], authorities: NS }],
  ["www", "MX", { answers: ["www.example.org. 300 CNAME web.example.org."], authorities: [SOA] }],
  [
    "out",
    "A",
    {
      answers: ["out.example.org. 300 CNAME outside.test.", "outside.test. 3600 A 192.0.2.200"],
      authorities: NS,
    },
  ],
  ["any.wild", "A", { answers: ["any.wild.example.org. 300 A 192.0.2.99"], authorities: NS }],
  ["a.b.wild", "A", { answers: ["a.b.wild.example.org. 300 A 192.0.2.99"], authorities: NS }],
  ["one.wild", "A", { authorities: [SOA] }],
  ["below.one.wild", "A", { rcode: "NXDOMAIN", authorities: [SOA] }],
  ["any.wild", "MX", { authorities: [SOA] }],
  [
    "_http._tcp",
    "SRV",
    {
      answers: ["_http._tcp.example.org. 300 SRV 0 5 80 web.example.org."],
      authorities: NS,
      additionals: ["web.example.org. 300 A 192.0.2.80"],
    },
  ],
  [
    "host.sub",
    "A",
    {
      aa: false,
      authorities: [
        "sub.example.org. 300 NS ns.sub.example.org.",
        "sub.example.org. 300 NS ns1.example.org.",
      ],
      additionals: ["ns.sub.example.org. 300 A 192.0.2.54", "ns1.example.org. 300 A 192.0.2.53"],
    },
  ],
  [
    "ns.sub",
    "A",
    {
      aa: false,
      authorities: [expect.any(String), expect.any(String)],
      additionals: [expect.any(String), expect.any(String)],
    },
  ],
  [
    "sub",
    "DS",
    { answers: [expect.stringContaining("sub.example.org. 300 TYPE43 ")], authorities: NS },
  ],
  [
    "a.old",
    "A",
    {
      answers: [
        "a.new.example.org. 300 A 192.0.2.55",
        "a.old.example.org. 300 CNAME a.new.example.org.",
        expect.stringContaining("old.example.org. 300 TYPE39 "),
      ],
      authorities: NS,
    },
  ],
];

async function summary(name: string, type: string): Promise<Required<Expected>> {
  const reply = await askBoth(dns.port, name, type);
  return {
    rcode: rcodeName(reply.rcode),
    aa: (reply.flags & Flag.AA) !== 0,
    answers: recordLines(reply.answers),
    authorities: recordLines(reply.authorities),
    additionals: recordLines(reply.additionals),
  };
}

describe("a zone file", () => {
  it.each(CASES)("%s %s", async (name, type, expected) => {
    const empty = { rcode: "NOERROR", aa: true, answers: [], authorities: [], additionals: [] };
    expect(await summary(`${name}.example.org.`, type)).toEqual({ ...empty, ...expected });
  });

  it("answers at the apex", async () => {
    const soa = await summary("example.org.", "SOA");
    expect(soa.answers).toEqual([SOA.replace(" 60 ", " 300 ")]);
    expect(await summary("example.org.", "NS")).toMatchObject({ answers: NS, authorities: [] });
    const mx = await summary("Example.org.", "MX");
    expect(mx.answers).toEqual(["Example.org. 300 MX 10 mail.example.org."]);
    expect(mx.additionals).toHaveLength(2);
  });

  it("ends CNAMEs that go in a circle", async () => {
    const { answers } = await ask(dns.port, "loop-a.example.org.", "A", { protocol: "tcp" });
    expect(answers).toHaveLength(11);
  });

  it("refuses names of no zone with the next plugin", async () => {
    expect((await summary("other.test.", "A")).rcode).toBe("SERVFAIL");
  });
});

describe("file", () => {
  it("passes names that do not exist on with fallthrough", async () => {
    const text = corefile("fallthrough").replace("outside.test {", "{");
    await using other = await startDns({ corefile: text, files: { db: ZONE } });
    const before = await askBoth(other.port, "missing.example.org.", "A");
    expect(recordLines(before.answers)).toEqual(["missing.example.org. 3600 A 192.0.2.201"]);
  });

  it("reads a file again when its serial is new, and keeps the old zone over a mistake", async () => {
    await using own = await startDns({ corefile: corefile(), files: { db: ZONE } });
    const address = async () =>
      recordLines((await ask(own.port, "web.example.org.", "A")).answers)[0];
    const said = (text: string) => waitFor(() => own.log.join("").includes(text));
    await own.writeFile("db", ZONE.replace("2026010101", "2026010102").replace("2.80", "2.81"));
    await waitFor(async () => (await address())?.endsWith("192.0.2.81"));
    await own.writeFile("db", `${ZONE}broken`);
    await said("zone file cannot be used; the old one stays");
    expect(await address()).toContain("192.0.2.81");
  });

  it("waits for a file that is not there yet", async () => {
    await using own = await startDns({ corefile: corefile() });
    expect((await ask(own.port, "web.example.org.", "A")).rcode).toBe(2);
    await own.writeFile("db", ZONE);
    await waitFor(async () => (await ask(own.port, "web.example.org.", "A")).rcode === 0);
  });

  it.each([
    ["@ 5 A 192.0.2.1", "the zone example.org. has no SOA record"],
    ["@ 5 SOA a b 1 2 3 4 5\n@ 5 SOA a b 1 2 3 4 5", "has more than one SOA record"],
    ["@ 5 SOA a", "db: line 1: the record ends too soon"],
  ])("keeps the server from starting with %s", async (text, message) => {
    const start = startDns({ corefile: corefile(), files: { db: text } });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.toThrow("Corefile:4:3: file: ");
  });
});

describe("transfer", () => {
  async function axfr(port: number, bytes: Buffer): Promise<string[]> {
    const socket = await openTcp(port);
    try {
      const records: string[] = [];
      let messages: Buffer[] = [];
      const send = () => socket.write(frameMessage(bytes));
      messages = await readFrames(socket, 1, send);
      for (const message of messages) {
        const reply = decodeAnswer(message);
        if (reply.rcode !== 0) return [rcodeName(reply.rcode)];
        records.push(...reply.answers.map(({ name, type }) => `${name} ${type}`));
      }
      return records;
    } finally {
      socket.destroy();
    }
  }

  const ixfr = (serial: number): Buffer => {
    const message: Message = decodeMessage(queryBytes("example.org.", "IXFR"));
    const times = { refresh: 0, retry: 0, expire: 0, minimum: 0 };
    const soa = {
      name: "example.org.",
      type: "SOA" as const,
      class: 1,
      ttl: 0,
      mname: ".",
      rname: ".",
    };
    return encodeMessage({ ...message, authorities: [{ ...soa, serial, ...times }] });
  };

  it("gives the zone from SOA to SOA over TCP", async () => {
    const records = await axfr(dns.port, queryBytes("example.org.", "AXFR"));
    expect(records).toHaveLength(ZONE.trim().split("\n").length);
    expect([records.at(0), records.at(-1)]).toEqual(["example.org. SOA", "example.org. SOA"]);
  });

  it("gives what a stock client takes", async () => {
    const args = ["@127.0.0.1", "-p", String(dns.port), "+tcp", "example.org", "AXFR"];
    const { stdout } = await promisify(execFile)("dig", args);
    expect(stdout).toMatch(/XFR size: 24 records/);
  });

  it("gives a whole large zone in several messages", async () => {
    const hosts = Array.from({ length: 1_000 }, (_, i) => `h${i} A 192.0.2.1`).join("\n");
    const files = { db: `${ZONE}${hosts}\n` };
    await using large = await startDns({ corefile: corefile(), files });
    const args = ["@127.0.0.1", "-p", String(large.port), "+tcp", "example.org", "AXFR"];
    const { stdout } = await promisify(execFile)("dig", args);
    expect(stdout).toMatch(/XFR size: 1024 records \(messages 6,/);
  });

  it("gives only the SOA to who has the zone, and over UDP", async () => {
    expect(await axfr(dns.port, ixfr(2_026_010_101))).toEqual(["example.org. SOA"]);
    expect(await axfr(dns.port, ixfr(2_026_010_100))).toHaveLength(24);
    const overUdp = decodeAnswer(await sendUdp(dns.port, ixfr(1)));
    expect(overUdp.answers.map(({ type }) => type)).toEqual(["SOA"]);
    expect((await ask(dns.port, "example.org.", "AXFR")).rcode).toBe(5);
  });

  it("refuses others, and zones without the directive", async () => {
    const strangers = corefile().replace("to 127.0.0.1", "to 192.0.2.1");
    await using strict = await startDns({ corefile: strangers, files: { db: ZONE } });
    expect(await axfr(strict.port, queryBytes("example.org.", "AXFR"))).toEqual(["REFUSED"]);
    const none = corefile().replace(/transfer \{[^}]*\}/, "");
    await using without = await startDns({ corefile: none, files: { db: ZONE } });
    expect(await axfr(without.port, queryBytes("example.org.", "AXFR"))).toEqual(["REFUSED"]);
  });

  it("tells secondaries of a zone", async () => {
    const secondary = createSocket("udp4").bind(0, "127.0.0.1");
    await once(secondary, "listening");
    const told = once(secondary, "message");
    const { port } = secondary.address();
    const directives = `to 127.0.0.1:${port}\n source 127.0.0.8`;
    const text = corefile().replace("to 127.0.0.1", directives);
    await using _own = await startDns({ corefile: text, files: { db: ZONE } });
    const [bytes, from] = (await told) as [Buffer, RemoteInfo];
    secondary.close();
    expect(from.address).toBe("127.0.0.8");
    expect(decodeMessage(bytes)).toMatchObject({
      opcode: Opcode.NOTIFY,
      questions: [{ name: "example.org.", type: "SOA" }],
    });
  });
});
