import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { createClusterPki, type KeyPair } from "@kubehop/kit/certificates";
import { createFrameReader, frameMessage, type Message } from "@kubehop/dns-wire";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeAnswer } from "../testing/answer-decoders.ts";
import {
  ask,
  askBoth,
  closed,
  openTcp,
  queryBytes,
  readFrames,
  recordLines,
  startDns,
} from "../testing/dns-fixture.ts";

/** How a client sees that the server does not want it. */
const GONE = /closed|ECONNRESET|alert|aborted/;
const HOSTS = "hosts /dev/null {\n 192.0.2.1 a.example\n}";

describe("view", () => {
  const VIEWS = `
    .:0 {
      bind 127.0.0.1
      prometheus 127.0.0.1:0
      view loopback { expr incidr(client_ip(), '127.0.0.0/8') && type() == 'A' }
      hosts /dev/null { 192.0.2.1 a.example }
    }
    .:0 {
      bind 127.0.0.1
      prometheus 127.0.0.1:0
      hosts /dev/null { 2001:db8::2 a.example }
    }
    b.example:0 {
      bind 127.0.0.1
      view never { expr false }
      hosts /dev/null { 192.0.2.3 b.example }
    }`;

  it("chooses among blocks of one zone, else the next block or the shorter zone", async () => {
    await using dns = await startDns({ corefile: VIEWS });
    const lines = async (name: string, type: string) =>
      recordLines((await askBoth(dns.port, name, type)).answers);
    expect(await lines("a.example.", "A")).toEqual(["a.example. 3600 A 192.0.2.1"]);
    expect(await lines("a.example.", "AAAA")).toEqual(["a.example. 3600 AAAA 2001:db8::2"]);
    expect(await lines("b.example.", "A")).toEqual([]);
    const counted = await dns.metric("coredns_dns_requests_total");
    expect(counted).toContain('view="loopback",proto="udp",family="1",type="A"} 2');
    expect(counted).toContain('view="",proto="udp",family="1",type="AAAA"} 1');
    expect(await dns.metric("coredns_plugin_enabled")).toContain('view="loopback",name="hosts"} 1');
  });
});

describe("bind", () => {
  const addresses = async (directives: string) => {
    await using dns = await startDns({ corefile: `.:0 {\n ${directives}\n ${HOSTS}\n}` });
    expect((await askBoth(dns.port, "a.example.", "A")).answers).toHaveLength(1);
    return dns.server.addresses.map(({ ip }) => ip);
  };

  it("takes interfaces, leaves addresses out, and adds several directives up", async () => {
    const lo = networkInterfaces()["lo"]?.map(({ address }) => address) ?? [];
    expect(await addresses("bind lo")).toEqual(lo);
    const others = lo.filter((ip) => ip !== "127.0.0.1");
    expect(await addresses("bind 127.0.0.1\n bind lo {\n except 127.0.0.1\n }")).toEqual([
      "127.0.0.1",
      ...others,
    ]);
    expect(await addresses("bind 127.0.0.1 127.0.0.1")).toEqual(["127.0.0.1"]);
  });
});

describe("timeouts", () => {
  const corefile = (text: string) => `.:0 {\n bind 127.0.0.1\n timeouts {\n${text}\n}\n${HOSTS}\n}`;

  it("closes a connection that sends nothing after `read`", async () => {
    await using usual = await startDns({ corefile: corefile("idle 10s") });
    await using dns = await startDns({ corefile: corefile("read 1s") });
    const ended: string[] = [];
    const open = async (port: number, name: string): Promise<void> => {
      const socket = await openTcp(port);
      await closed(socket);
      ended.push(name);
    };
    await Promise.all([open(usual.port, "after 3s"), open(dns.port, "after 1s")]);
    expect(ended).toEqual(["after 1s", "after 3s"]);
  });

  it("closes a connection that sends no further query after `idle`", async () => {
    await using dns = await startDns({ corefile: corefile("read 1h\n idle 1s") });
    const socket = await openTcp(dns.port);
    const query = frameMessage(queryBytes("a.example.", "A"));
    expect(await readFrames(socket, 1, () => socket.write(query))).toHaveLength(1);
    await closed(socket);
  });

  it("closes a connection after maxtcpqueries queries", async () => {
    await using dns = await startDns({ corefile: corefile("maxtcpqueries 2") });
    const socket = await openTcp(dns.port);
    const query = frameMessage(queryBytes("a.example.", "A"));
    const ended = once(socket, "end");
    const send = () => socket.write(Buffer.concat([query, query, query]));
    expect(await readFrames(socket, 2, send)).toHaveLength(2);
    await ended;
    socket.destroy();
  });
});

describe("tls", () => {
  let server: KeyPair;
  let other: KeyPair;
  let client: KeyPair;
  let ca: string;
  beforeAll(async () => {
    const pki = await createClusterPki();
    ({ ca } = pki);
    server = await pki.issue({ commonName: "dns", altNames: ["dns.test"], usages: ["server"] });
    other = await pki.issue({ commonName: "new", altNames: ["dns.test"], usages: ["server"] });
    client = await pki.issue({ commonName: "client", usages: ["client"] });
  });

  const corefile = (options = "") =>
    `tls://.:0 {\n bind 127.0.0.1\n root certs\n tls cert.pem key.pem ca.pem${options}\n${HOSTS}\n}`;
  const start = (options = "") =>
    startDns({
      corefile: corefile(options),
      files: { "certs/cert.pem": server.cert, "certs/key.pem": server.key, "certs/ca.pem": ca },
    });

  it("answers over TLS, on kept connections, and not in the clear", async () => {
    await using dns = await start();
    const replies = await askTls(dns.port, { ca }, 3);
    expect(replies.flatMap(({ answers }) => recordLines(answers))).toEqual(
      Array(3).fill("a.example. 3600 A 192.0.2.1"),
    );
    await expect(ask(dns.port, "a.example.", "A", { protocol: "tcp" })).rejects.toThrow(GONE);
    expect((await askTls(dns.port, { ca }, 1))[0]?.answers).toHaveLength(1);
  });

  it("asks clients for certificates as it is told", async () => {
    const authenticated = { ca, cert: client.cert, key: client.key };
    await using strict = await start(" {\n client_auth require_and_verify\n}");
    await expect(askTls(strict.port, { ca }, 1)).rejects.toThrow(GONE);
    expect(await askTls(strict.port, authenticated, 1)).toHaveLength(1);
    await using lax = await start(" {\n client_auth verify_if_given\n}");
    expect(await askTls(lax.port, { ca }, 1)).toHaveLength(1);
    await using some = await start(" {\n client_auth require\n}");
    await expect(askTls(some.port, { ca }, 1)).rejects.toThrow(GONE);
  });

  it("takes a new certificate with a reload, on the same socket", async () => {
    await using dns = await start();
    await dns.writeFile("certs/cert.pem", other.cert);
    await dns.writeFile("certs/key.pem", other.key);
    await dns.writeCorefile(
      `${corefile()}\n`.replace("hosts /dev/null", "errors\n hosts /dev/null"),
    );
    await dns.server.checkCorefile();
    const socket = connectTls({ port: dns.port, ca, servername: "dns.test" });
    await once(socket, "secureConnect");
    expect(socket.getPeerCertificate().subject.CN).toBe("new");
    socket.destroy();
  });

  async function askTls(
    port: number,
    options: ConnectionOptions,
    count: number,
  ): Promise<Message[]> {
    const socket = connectTls({ port, servername: "dns.test", ...options });
    const reader = createFrameReader();
    const frames: Buffer[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on("data", (chunk) => {
      frames.push(...reader.push(chunk));
      if (frames.length >= count) resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    for (let index = 0; index < count; index++) {
      socket.write(frameMessage(queryBytes("a.example.", "A")));
    }
    try {
      await promise;
      return frames.map((frame) => decodeAnswer(frame));
    } finally {
      socket.destroy();
    }
  }
});
