import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  Flag,
  type Message,
  rcodeName,
  type ResourceRecord,
} from "@kubehop/dns-wire";
import { createClusterPki } from "@kubehop/kit/certificates";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ask, startDns } from "../../testing/dns-fixture.ts";
import { forwardTo, startUpstream } from "../../testing/upstream-fixture.ts";

function address(query: Message, ip: string, ttl = 100): ResourceRecord[] {
  const name = query.questions[0]?.name ?? ".";
  return [{ name, type: "A", class: CLASS_IN, ttl, address: ip }];
}

function corefile(forward: string, more = ""): string {
  return `.:0 {\n bind 127.0.0.1\n errors\n ${forward}\n ${more}\n}`;
}

/** An address on which nothing listens. */
const CLOSED = "127.0.0.1:9";

describe("forward", () => {
  it.each(["udp", "tcp"] as const)("passes questions and answers on over %s", async (protocol) => {
    await using upstream = await startUpstream((query) => ({
      answers: address(query, "192.0.2.1"),
    }));
    await using dns = await startDns({
      corefile: corefile(forwardTo(upstream.port)),
    });
    for (let round = 0; round < 3; round++) {
      const reply = await ask(dns.port, "Example.ORG.", "A", { protocol, edns: {} });
      expect(reply.answers).toMatchObject([{ address: "192.0.2.1", ttl: 100 }]);
      expect(reply.flags & (Flag.RA | Flag.AA)).toBe(Flag.RA);
    }
    expect(upstream.asked).toEqual(Array(3).fill(`${protocol} Example.ORG. A`));
    expect(await dns.metric("coredns_proxy_conn_cache_hits_total")).toContain(
      `proto="${protocol}"} 2`,
    );
  });

  it("serves several directives by their zones, and leaves out exceptions", async () => {
    await using one = await startUpstream((query) => ({ answers: address(query, "192.0.2.1") }));
    await using two = await startUpstream((query) => ({ answers: address(query, "192.0.2.2") }));
    const directives = `forward stub.example 127.0.0.1:${one.port} {\n except not.stub.example\n read_timeout 30s\n }
      ${forwardTo(two.port)}`;
    await using dns = await startDns({ corefile: corefile(directives) });
    const lookup = async (name: string) => (await ask(dns.port, name, "A")).answers[0];
    expect(await lookup("a.stub.example.")).toMatchObject({ address: "192.0.2.1" });
    expect(await lookup("a.not.stub.example.")).toMatchObject({ address: "192.0.2.2" });
  });

  it("tries the next upstream, and comes back when health checks succeed", async () => {
    let alive = false;
    await using flaky = await startUpstream((query) =>
      alive ? { answers: address(query, "192.0.2.1") } : undefined,
    );
    await using steady = await startUpstream((query) => ({ answers: address(query, "192.0.2.2") }));
    const options = "policy sequential\n health_check 20ms\n read_timeout 2s";
    const to = `127.0.0.1:${flaky.port} 127.0.0.1:${steady.port}`;
    await using dns = await startDns({ corefile: corefile(`forward . ${to} {\n ${options}\n }`) });
    const lookup = async () => (await ask(dns.port, "a.example.", "A")).answers[0];
    expect(await lookup()).toMatchObject({ address: "192.0.2.2" });
    await waitFor(async () => {
      const text = await dns.metric("coredns_proxy_healthcheck_failures_total");
      return / ([3-9]|\d\d)$/m.test(text);
    });
    const before = flaky.asked.filter((line) => line.includes("a.example")).length;
    await lookup();
    expect(flaky.asked.filter((line) => line.includes("a.example"))).toHaveLength(before);
    alive = true;
    await waitFor(async () => (await lookup())?.type === "A" && (await lookup()) !== undefined);
    await waitFor(async () => {
      const record = await lookup();
      return record?.type === "A" && record.address === "192.0.2.1";
    });
  });

  it("answers SERVFAIL with the error logged when nobody answers", async () => {
    await using silent = await startUpstream(() => undefined);
    const directive = `forward . 127.0.0.1:${silent.port} {\n read_timeout 30ms\n }`;
    await using dns = await startDns({ corefile: corefile(directive) });
    const reply = await ask(dns.port, "a.example.", "A");
    expect(rcodeName(reply.rcode)).toBe("SERVFAIL");
    expect(dns.log.join("")).toMatch(
      /plugin\/errors: 2 a\.example\. A: plugin\/forward: read udp .*: i\/o timeout/,
    );
  });

  it("fails at once on a port that is closed", async () => {
    await using dns = await startDns({ corefile: corefile(`forward . ${CLOSED}`) });
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("SERVFAIL");
    expect(dns.log.join("")).toContain("ECONNREFUSED");
  });

  it.each(["255.255.255.255", "[::ffff:0:0]:53"])(
    "outlives %s, which cannot be reached",
    async (to) => {
      await using dns = await startDns({ corefile: corefile(`forward . ${to}`) });
      for (const protocol of ["udp", "tcp"] as const) {
        const reply = await ask(dns.port, "a.example.", "A", { protocol });
        expect(rcodeName(reply.rcode)).toBe("SERVFAIL");
      }
      expect(dns.log.join("")).toMatch(/plugin\/forward: (connect|read) /);
    },
  );

  it("refuses above max_concurrent", async () => {
    const waiting = Promise.withResolvers<void>();
    const late = Promise.withResolvers<object>();
    await using slow = await startUpstream(() => {
      waiting.resolve();
      return late.promise;
    });
    const directive = forwardTo(slow.port, "max_concurrent 1");
    await using dns = await startDns({ corefile: corefile(directive) });
    const first = ask(dns.port, "a.example.", "A");
    await waiting.promise;
    expect(rcodeName((await ask(dns.port, "b.example.", "A")).rcode)).toBe("REFUSED");
    expect(await dns.metric("coredns_forward_max_concurrent_rejects_total")).toContain(" 1");
    late.resolve({});
    expect(rcodeName((await first).rcode)).toBe("NOERROR");
  });

  it("answers FORMERR to an answer for another question", async () => {
    await using liar = await startUpstream(() => ({
      questions: [{ name: "other.example.", type: "A", class: CLASS_IN }],
    }));
    await using dns = await startDns({ corefile: corefile(forwardTo(liar.port)) });
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("FORMERR");
  });

  it("asks again over TCP with prefer_udp, and passes TC on without", async () => {
    await using upstream = await startUpstream((query, { protocol }) =>
      protocol === "udp" ? { flags: Flag.QR | Flag.TC } : { answers: address(query, "192.0.2.1") },
    );
    const to = (options = ""): string => corefile(forwardTo(upstream.port, options));
    await using plain = await startDns({ corefile: to() });
    expect((await ask(plain.port, "a.example.", "A")).flags & Flag.TC).toBe(Flag.TC);
    await using udp = await startDns({ corefile: to("prefer_udp") });
    expect((await ask(udp.port, "a.example.", "A")).answers).toHaveLength(1);
    await using tcp = await startDns({ corefile: to("force_tcp") });
    expect((await ask(tcp.port, "a.example.", "A")).answers).toHaveLength(1);
  });

  it("takes no answer whose id is wrong, nor garbage", async () => {
    await using upstream = await startUpstream((query, { protocol }) => {
      if (protocol === "tcp") return { answers: address(query, "192.0.2.1") };
      return { id: (query.id + 1) & 0xffff };
    });
    const directive = `forward . 127.0.0.1:${upstream.port} {\n read_timeout 30ms\n }`;
    await using dns = await startDns({ corefile: corefile(directive) });
    expect(rcodeName((await ask(dns.port, "a.example.", "A")).rcode)).toBe("SERVFAIL");
  });

  it("waits for the right answer when others with a wrong id come first", async () => {
    const upstream = createSocket("udp4").bind(0, "127.0.0.1");
    await once(upstream, "listening");
    upstream.on("message", (bytes, { port }) => {
      const query = decodeMessage(bytes);
      const send = (id: number, ip: string): void => {
        const answer = { ...query, id, flags: Flag.QR, answers: address(query, ip) };
        upstream.send(encodeMessage(answer), port, "127.0.0.1");
      };
      for (let off = 1; off <= 50; off++) send((query.id + off) & 0xffff, "6.6.6.6");
      upstream.send(Buffer.from("no DNS"), port, "127.0.0.1");
      send(query.id, "192.0.2.1");
    });
    const { port } = upstream.address();
    await using dns = await startDns({ corefile: corefile(forwardTo(port)) });
    for (let round = 0; round < 10; round++) {
      const { answers } = await ask(dns.port, `a${round}.example.`, "A");
      expect(answers).toMatchObject([{ address: "192.0.2.1" }]);
    }
    upstream.close();
  });

  it("asks the next forward for what the first does not know", async () => {
    const denial = () => ({ rcode: 3 });
    await using one = await startUpstream((query) =>
      query.questions[0]?.name === "nodata.example." ? {} : denial(),
    );
    await using two = await startUpstream((query) => ({ answers: address(query, "192.0.2.2") }));
    const first = forwardTo(one.port, "next NXDOMAIN REFUSED\n next_on_nodata");
    const directives = `${first}\n ${forwardTo(two.port)}`;
    await using dns = await startDns({ corefile: corefile(directives) });
    for (const name of ["missing.example.", "nodata.example."]) {
      expect((await ask(dns.port, name, "A")).answers).toMatchObject([{ address: "192.0.2.2" }]);
    }
    expect(one.asked).toHaveLength(2);
  });

  it("asks another upstream with failover, and gives the last answer when none is better", async () => {
    await using bad = await startUpstream(() => ({ rcode: 2 }));
    await using worse = await startUpstream(() => ({ rcode: 2 }));
    await using good = await startUpstream((query) => ({ answers: address(query, "192.0.2.2") }));
    const run = async (...ports: readonly number[]) => {
      const to = ports.map((port) => `127.0.0.1:${port}`).join(" ");
      const text = forwardTo(to, "policy sequential\n failover SERVFAIL");
      await using dns = await startDns({ corefile: corefile(text) });
      return await ask(dns.port, "a.example.", "A");
    };
    expect((await run(bad.port, good.port)).answers).toHaveLength(1);
    expect(rcodeName((await run(bad.port, worse.port)).rcode)).toBe("SERVFAIL");
    expect([bad.asked.length, worse.asked.length]).toEqual([2, 1]);
  });

  it("keeps no more sockets than max_idle_conns, and asks from source_address", async () => {
    const sources = new Set<string>();
    await using upstream = await startUpstream((query, { client }) => {
      sources.add(client.ip);
      return { answers: address(query, "192.0.2.1") };
    });
    const options = "max_idle_conns 1\n source_address 127.0.0.7\n max_connect_attempts 1";
    const text = forwardTo(upstream.port, options);
    await using dns = await startDns({ corefile: corefile(text) });
    for (const protocol of ["udp", "tcp"] as const) {
      const all = Array.from({ length: 5 }, () => ask(dns.port, "a.example.", "A", { protocol }));
      expect((await Promise.all(all)).every(({ answers }) => answers.length === 1)).toBe(true);
    }
    expect([...sources]).toEqual(["127.0.0.7"]);
  });

  it("looks hosts up with a resolver at the start", async () => {
    await using upstream = await startUpstream((query) => ({
      answers: address(query, "192.0.2.1"),
    }));
    await using resolver = await startUpstream((query) => {
      const [question] = query.questions;
      if (question?.name !== "dns.lab.test.") return { rcode: 3 };
      return question.type === "A" ? { answers: address(query, "127.0.0.1") } : {};
    });
    const to = (host: string) =>
      forwardTo(`${host}:${upstream.port}`, `resolver 127.0.0.1:${resolver.port}`);
    await using dns = await startDns({ corefile: corefile(to("dns.lab.test")) });
    expect((await ask(dns.port, "a.example.", "A")).answers).toHaveLength(1);
    await dns.writeCorefile(corefile(to("gone.lab.test")));
    await dns.server.checkCorefile();
    expect(dns.log.join("")).toMatch(/Corefile:4:2: forward: .*gone\.lab\.test/);
    expect((await ask(dns.port, "a.example.", "A")).answers).toHaveLength(1);
    await expect(startDns({ corefile: corefile(to("gone.lab.test")) })).rejects.toThrow(
      "gone.lab.test",
    );
  });

  it("takes no answer from another port, however right it looks", async () => {
    const spoofer = createSocket("udp4");
    await using upstream = await startUpstream((query, { client }) => {
      const forged = { ...query, flags: Flag.QR, answers: address(query, "6.6.6.6") };
      spoofer.send(encodeMessage(forged), client.port, client.ip);
      return { answers: address(query, "192.0.2.1") };
    });
    await using dns = await startDns({
      corefile: corefile(forwardTo(upstream.port)),
    });
    for (let round = 0; round < 20; round++) {
      const { answers } = await ask(dns.port, `a${round}.example.`, "A");
      expect(answers).toMatchObject([{ address: "192.0.2.1" }]);
    }
    spoofer.close();
  });

  it("asks over TLS, and only who has the right certificate", async () => {
    const pki = await createClusterPki();
    const own = await pki.issue({ commonName: "up", altNames: ["up.test"], usages: ["server"] });
    const files = { "cert.pem": own.cert, "key.pem": own.key, "ca.pem": pki.ca };
    const upstream =
      "tls://.:0 {\n bind 127.0.0.1\n tls cert.pem key.pem\n hosts /dev/null {\n 192.0.2.1 a.example\n }\n}";
    await using secure = await startDns({ corefile: upstream, files });
    const through = async (to: string, options: string) => {
      const text = forwardTo(to, options);
      await using dns = await startDns({ corefile: corefile(text), files });
      const reply = await ask(dns.port, "a.example.", "A");
      return [rcodeName(reply.rcode), reply.answers.length];
    };
    const to = `tls://127.0.0.1:${secure.port}`;
    expect(await through(to, "tls ca.pem\n tls_servername up.test")).toEqual(["NOERROR", 1]);
    const named = `tls://127.0.0.1%up.test:${secure.port}`;
    expect(await through(named, "tls ca.pem")).toEqual(["NOERROR", 1]);
    expect(await through(to, "tls ca.pem\n tls_servername other.test")).toEqual(["SERVFAIL", 0]);
    expect(await through(to, "tls_servername up.test")).toEqual(["SERVFAIL", 0]);
  });
});
