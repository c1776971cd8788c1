import { createSocket, type Socket } from "node:dgram";
import { createFrameReader, Flag, frameMessage, rcodeName } from "@kubehop/dns-wire";
import dnsPacket from "dns-packet";
import { Packet, TCPClient, UDPClient } from "dns2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespace, service, slice } from "../testing/cluster-objects.ts";
import {
  ask,
  closed,
  type DnsFixture,
  openTcp,
  queryBytes,
  readFrames,
  sendUdp,
  startDns,
} from "../testing/dns-fixture.ts";
import { createMemorySource } from "../testing/memory-source.ts";

const COREFILE = `
(common) {
    bind 127.0.0.1
    errors
}
cluster.local:0 {
    import common
    prometheus 127.0.0.1:0
    kubernetes cluster.local
}
who.example:0 {
    import common
    whoami
}
empty.example:0 {
    bind 127.0.0.1
}
`;
const NAME = "my-api.default.svc.cluster.local.";

let dns: DnsFixture;
beforeAll(async () => {
  const source = createMemorySource();
  source.namespaces.apply(namespace("default"));
  source.services.apply(
    service("default/my-api", { clusterIP: "10.96.0.50" }),
    service("default/big", { clusterIP: "None" }),
  );
  const addresses = Array.from({ length: 100 }, (_, index) => `10.244.5.${index}`);
  source.slices.apply(
    slice("default/big", { endpoints: addresses.map((ip) => ({ addresses: [ip] })) }),
  );
  dns = await startDns({ corefile: COREFILE, source });
});
afterAll(async () => {
  await dns[Symbol.asyncDispose]();
});

/** The server still answers: what came before did no harm. */
async function expectAlive(): Promise<void> {
  expect((await ask(dns.port, NAME, "A")).answers).toHaveLength(1);
}

describe("the query path", () => {
  it.each([
    ["elsewhere.example.", "REFUSED"],
    ["empty.example.", "REFUSED"],
    ["a.who.example.", "NOERROR"],
    ["Cluster.LOCAL.", "NOERROR"],
  ])("%s is %s", async (name, rcode) => {
    expect(rcodeName((await ask(dns.port, name, "A")).rcode)).toBe(rcode);
  });

  it("echoes id, question, RD and CD; never RA", async () => {
    const reply = await ask(dns.port, NAME, "A", { flags: Flag.RD | Flag.CD });
    expect(reply).toMatchObject({ id: 4711, questions: [{ name: NAME, type: "A", class: 1 }] });
    expect(reply.flags).toBe(Flag.QR | Flag.AA | Flag.RD | Flag.CD);
  });

  it("refuses other classes and EDNS versions", async () => {
    expect(rcodeName((await ask(dns.port, NAME, "A", { class: 3 })).rcode)).toBe("REFUSED");
    const reply = await ask(dns.port, NAME, "A", { edns: { version: 1 } });
    expect(rcodeName(reply.rcode)).toBe("BADVERS");
    expect(reply.edns?.version).toBe(0);
  });

  it("answers EDNS only to EDNS, with the size and the DO bit echoed and known options", async () => {
    expect((await ask(dns.port, NAME, "A")).edns).toBeUndefined();
    const cookie = { code: 10, data: Buffer.alloc(8, 1) };
    const options = [cookie, { code: 65_001, data: Buffer.alloc(2) }];
    const { edns } = await ask(dns.port, NAME, "A", {
      edns: { udpSize: 1400, dnssecOk: true, options },
    });
    expect(edns).toEqual({ udpSize: 1400, version: 0, dnssecOk: true, options: [cookie] });
  });

  it.each([
    ["udp" as const, undefined, true],
    ["udp" as const, 1232, true],
    ["udp" as const, 4096, false],
    ["tcp" as const, undefined, false],
  ])("100 addresses over %s with EDNS size %s: truncated %s", async (protocol, udpSize, cut) => {
    const edns = udpSize === undefined ? {} : { edns: { udpSize } };
    const reply = await ask(dns.port, "big.default.svc.cluster.local.", "A", { protocol, ...edns });
    expect((reply.flags & Flag.TC) !== 0).toBe(cut);
    expect(reply.answers.length > 20).toBe(true);
    expect(reply.answers.length === 100).toBe(!cut);
  });

  it("is understood by dns-packet and by dns2's clients", async () => {
    const bytes = await sendUdp(dns.port, queryBytes(NAME, "A", { edns: {} }));
    expect(dnsPacket.decode(bytes).answers).toMatchObject([
      { name: NAME.slice(0, -1), type: "A", data: "10.96.0.50", ttl: 5 },
    ]);
    const client = { dns: "127.0.0.1", port: dns.port };
    for (const query of [UDPClient(client), TCPClient(client)]) {
      const { answers } = await query(NAME.slice(0, -1), "A");
      expect(answers).toMatchObject([{ address: "10.96.0.50", type: Packet.TYPE.A }]);
    }
  });
});

describe("bad packets", () => {
  it.each<[what: string, hex: string, rcode: string | undefined]>([
    ["11 octets", "00".repeat(11), undefined],
    ["nothing", "", undefined],
    ["an answer", "0001 8000 0001 0000 0000 0000 00 0001 0001", undefined],
    ["all ones", "ff".repeat(12), undefined],
    ["opcode 2", "0001 1000 0001 0000 0000 0000 00 0001 0001", "NOTIMP"],
    ["UPDATE", "0001 2800 0001 0000 0000 0000 00 0006 0001", "NOTIMP"],
    ["no question", "0001 0000 0000 0000 0000 0000", "FORMERR"],
    ["two questions", "0001 0000 0002 0000 0000 0000 00 0001 0001 00 0001 0001", "FORMERR"],
    ["counts of 65535", "0001 0000 0001 ffff ffff ffff 00 0001 0001", "FORMERR"],
    ["half a question", "0001 0000 0001 0000 0000 0000 0161", "FORMERR"],
    ["a pointer loop", "0001 0000 0001 0000 0000 0000 c00c 0001 0001", "FORMERR"],
  ])("%s", async (_what, hex, rcode) => {
    const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
    if (rcode === undefined) {
      await using socket = createSocket("udp4");
      await sendSilently(socket, bytes);
      return expectAlive();
    }
    const reply = await sendUdp(dns.port, bytes);
    expect(rcodeName(reply.readUInt16BE(2) & 0xf)).toBe(rcode);
    expect(reply.readUInt16BE(0)).toBe(1);
    expect(reply.length).toBe(12);
    return undefined;
  });

  it("of any kind leave the server answering", async () => {
    const good = queryBytes(NAME, "SRV", { edns: {} });
    // Open until the end: an answer that comes late must not meet the question after it.
    await using socket = createSocket("udp4");
    for (let round = 0; round < 2_000; round++) {
      const bad = Buffer.from(good);
      for (let change = 0; change < 3; change++) {
        bad[(round * 7 + change * 13) % bad.length] = (round * 31 + change * 101) & 0xff;
      }
      await sendSilently(socket, round % 3 === 0 ? bad.subarray(0, round % bad.length) : bad);
    }
    await expectAlive();
  });
});

async function sendSilently(socket: Socket, bytes: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.send(bytes, dns.port, "127.0.0.1", () => resolve());
  await promise;
}

describe("TCP", () => {
  it("answers many queries on one connection, however they are cut", async () => {
    const socket = await openTcp(dns.port);
    const query = frameMessage(queryBytes(NAME, "A"));
    const stream = Buffer.concat(Array.from({ length: 200 }, () => query));
    const frames = await readFrames(socket, 200, () => {
      for (let at = 0; at < stream.length; at += 17) socket.write(stream.subarray(at, at + 17));
    });
    expect(frames).toHaveLength(200);
    socket.destroy();
  });

  it("closes a connection that sends nothing, or never a whole query", async () => {
    const silent = await openTcp(dns.port);
    const slow = await openTcp(dns.port);
    slow.write(Buffer.from([0, 30, 1]));
    const trickle = setInterval(() => slow.write(Buffer.from([0])), 200);
    await Promise.all([silent, slow].map(closed));
    clearInterval(trickle);
    await expectAlive();
  });

  it("answers what was asked before the client closed its side", async () => {
    const socket = await openTcp(dns.port);
    const reader = createFrameReader();
    const frames: Buffer[] = [];
    socket.on("data", (chunk) => frames.push(...reader.push(chunk)));
    socket.end(frameMessage(queryBytes(NAME, "A")));
    await closed(socket);
    expect(frames).toHaveLength(1);
  });
});

describe("metrics", () => {
  it("count queries by server, zone, type and answer", async () => {
    await ask(dns.port, NAME, "AAAA", { edns: { dnssecOk: true } });
    await ask(dns.port, NAME, "TYPE1234");
    const server = 'server="dns://127.0.0.1:0",zone="cluster.local.",view=""';
    const requests = await dns.metric("coredns_dns_requests_total");
    expect(requests).toContain(`{${server},proto="udp",family="1",type="AAAA"}`);
    expect(requests).toContain(`{${server},proto="udp",family="1",type="other"}`);
    expect(await dns.metric("coredns_dns_responses_total")).toContain(
      `{${server},rcode="NOERROR",plugin="kubernetes"}`,
    );
    expect(await dns.metric("coredns_dns_do_requests_total")).toContain(`{${server}}`);
    expect(await dns.metric("coredns_dns_requests_total")).toContain('zone="dropped"');
    const port = dns.server.httpPort("127.0.0.1:0");
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await response.text()).toContain("coredns_dns_request_duration_seconds_bucket");
  });
});
