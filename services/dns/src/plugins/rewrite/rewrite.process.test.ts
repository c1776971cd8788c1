import { CLASS_IN, type Message, rcodeName, type ResourceRecord } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { ask, askBoth, recordLines, startDns } from "../../testing/dns-fixture.ts";
import { forwardTo, startUpstream } from "../../testing/upstream-fixture.ts";

/** Answers every question with an address, SRV and PTR data that tell the name asked. */
function echo(query: Message): { answers: ResourceRecord[]; authorities: ResourceRecord[] } {
  const { name = ".", type = "A" } = query.questions[0] ?? {};
  const head = { name, class: CLASS_IN, ttl: 100 };
  const authorities: ResourceRecord[] = [{ ...head, type: "NS", target: `ns.${name}` }];
  if (type === "SRV") {
    const srv = { priority: 0, weight: 1, port: 80, target: `target.${name}` };
    return { answers: [{ ...head, type: "SRV", ...srv }], authorities };
  }
  if (type === "PTR") {
    return {
      answers: [{ ...head, type: "PTR", target: "ftp-us-west-1.service.consul." }],
      authorities,
    };
  }
  if (name === "alias.test.") {
    return { answers: [{ ...head, type: "CNAME", target: "cdn.test." }], authorities };
  }
  return { answers: [{ ...head, type: "A", address: "192.0.2.1" }], authorities };
}

/** Runs rules before an upstream that says what it was asked. */
async function through(rules: string, name: string, type = "A") {
  await using upstream = await startUpstream(echo);
  const text = `.:0 {\n bind 127.0.0.1\n errors\n ${rules}\n ${forwardTo(upstream.port)}\n}`;
  await using dns = await startDns({ corefile: text });
  const reply = await askBoth(dns.port, name, type);
  return {
    asked: upstream.asked[0]?.slice(4),
    rcode: rcodeName(reply.rcode),
    answers: recordLines(reply.answers),
    authorities: recordLines(reply.authorities),
  };
}

describe("rewrite name", () => {
  it.each([
    [
      "rewrite name foo.example.com foo.default.svc.cluster.local",
      "Foo.Example.com.",
      "foo.default.svc.cluster.local. A",
    ],
    ["rewrite name exact a.test b.test", "x.a.test.", "x.a.test. A"],
    ["rewrite name prefix foo bar", "foo.test.", "bar.test. A"],
    ["rewrite name suffix .schmoogle.com. .google.com.", "a.schmoogle.com.", "a.google.com. A"],
    ["rewrite name substring hello world", "say.hello.test.", "say.world.test. A"],
    [
      "rewrite name regex (.*)-(us-west-1)\\.coredns\\.org {1}.service.{2}.consul",
      "ftp-us-west-1.coredns.org.",
      "ftp.service.us-west-1.consul. A",
    ],
    ["rewrite name regex ^nothing$ x", "a.test.", "a.test. A"],
    ["rewrite continue name a.test b.test\n rewrite name b.test c.test", "a.test.", "c.test. A"],
    ["rewrite stop name a.test b.test\n rewrite name b.test c.test", "a.test.", "b.test. A"],
    ["rewrite {\n name suffix .a.test .b.test\n}", "x.a.test.", "x.b.test. A"],
    [
      "rewrite name substring service.us-west-1.example.org service.us-west-1.consul",
      "ftp.service.us-west-1.example.org.",
      "ftp.service.us-west-1.consul. A",
    ],
  ])("%s", async (rules, name, asked) => {
    expect((await through(rules, name)).asked).toBe(asked);
  });

  it("is SERVFAIL when it makes a name that is none", async () => {
    const rules = `rewrite name regex .* ${"x".repeat(64)}.test`;
    expect(await through(rules, "a.test.")).toMatchObject({ asked: undefined, rcode: "SERVFAIL" });
  });

  it("changes values of PTR records, with parts of answer one after the other", async () => {
    const rules = `rewrite stop {
      name suffix .arpa .arpa
      answer name auto
      answer value (.*)\\.service\\.consul\\. {1}.coredns.rocks.
    }`;
    const { answers } = await through(rules, "30.30.30.10.in-addr.arpa.", "PTR");
    expect(answers).toEqual(["30.30.30.10.in-addr.arpa. 100 PTR ftp-us-west-1.coredns.rocks."]);
    const chained =
      "rewrite name regex ^(.*)$ {1} answer name ^(30.*) {1} value ^(ftp).* {1}.test.";
    const reply = await through(chained, "30.30.30.10.in-addr.arpa.", "PTR");
    expect(reply.answers).toEqual(["30.30.30.10.in-addr.arpa. 100 PTR ftp.test."]);
  });

  it("turns an exact rule back by itself", async () => {
    const { answers, authorities } = await through("rewrite name a.test b.test", "A.test.");
    expect(answers).toEqual(["A.test. 100 A 192.0.2.1"]);
    expect(authorities).toEqual(["A.test. 100 NS ns.b.test."]);
  });

  it("turns others back with answer auto, also in data", async () => {
    const rules = "rewrite name suffix .a.test .b.test answer auto";
    const { answers, authorities } = await through(rules, "x.a.test.", "SRV");
    expect(answers).toEqual(["x.a.test. 100 SRV 0 1 80 target.x.a.test."]);
    expect(authorities).toEqual(["x.a.test. 100 NS ns.x.a.test."]);
    const plain = await through("rewrite name suffix .a.test .b.test", "x.a.test.");
    expect(plain.answers).toEqual(["x.b.test. 100 A 192.0.2.1"]);
  });

  it("turns regular expressions back as it is told", async () => {
    const rules = `rewrite stop {
      name regex (.*)\\.coredns\\.rocks {1}.coredns.test
      answer name (.*)\\.coredns\\.test {1}.coredns.rocks
      answer value (.*)\\.coredns\\.test {1}.coredns.rocks
    }`;
    const { asked, answers } = await through(rules, "a.coredns.rocks.", "SRV");
    expect(asked).toBe("a.coredns.test. SRV");
    expect(answers).toEqual(["a.coredns.rocks. 100 SRV 0 1 80 target.a.coredns.rocks."]);
  });
});

describe("rewrite of other fields", () => {
  it.each([
    ["rewrite type ANY HINFO", "a.test.", "ANY", "a.test. HINFO"],
    ["rewrite type AAAA A", "a.test.", "A", "a.test. A"],
  ])("%s", async (rules, name, type, asked) => {
    expect((await through(rules, name, type)).asked).toBe(asked);
  });

  it.each([
    ["rewrite ttl a.test 30", 30],
    ["rewrite ttl suffix .test 200-300", 200],
    ["rewrite ttl suffix .test -50", 50],
    ["rewrite ttl suffix .test 50-", 100],
    ["rewrite ttl regex ^b 1", 100],
  ])("%s", async (rules, ttl) => {
    expect((await through(rules, "a.test.")).answers).toEqual([`a.test. ${ttl} A 192.0.2.1`]);
  });

  it("changes response codes", async () => {
    const rules = "rewrite rcode suffix .test NOERROR NXDOMAIN";
    expect((await through(rules, "a.test.")).rcode).toBe("NXDOMAIN");
  });

  it.each(["SERVFAIL NOERROR", "2 0"])("changes %s of a plugin that failed", async (codes) => {
    const text = `.:0 {
      bind 127.0.0.1
      errors
      rewrite continue {
        rcode regex (.*)\\.coredns\\.rocks ${codes}
      }
      hosts /dev/null
    }`;
    await using dns = await startDns({ corefile: text });
    const rcode = async (name: string) => rcodeName((await askBoth(dns.port, name, "A")).rcode);
    expect(await rcode("a.coredns.rocks.")).toBe("NOERROR");
    expect(await rcode("a.coredns.test.")).toBe("SERVFAIL");
    expect(dns.log.join("")).toContain(
      "plugin/errors: 0 a.coredns.rocks. A: plugin/hosts: no entry",
    );
  });

  it("leads a CNAME elsewhere and follows it", async () => {
    const { answers } = await through("rewrite cname exact cdn.test. other.test.", "alias.test.");
    expect(answers).toEqual(["alias.test. 100 CNAME other.test.", "other.test. 100 A 192.0.2.1"]);
  });
});

describe("rewrite edns0", () => {
  async function options(rules: string, own?: { code: number; data: Buffer }[]) {
    let seen: (readonly [number, string])[] = [];
    await using upstream = await startUpstream((query) => {
      seen = (query.edns?.options ?? []).map((option) => [
        option.code,
        Buffer.from(option.data).toString("hex"),
      ]);
      return {};
    });
    await using dns = await startDns({
      corefile: `.:0 {\n bind 127.0.0.1\n metadata\n ${rules}\n ${forwardTo(upstream.port)}\n}`,
    });
    const reply = await ask(dns.port, "a.test.", "A", own ? { edns: { options: own } } : {});
    expect(reply.edns === undefined).toBe(own === undefined);
    return seen;
  }

  it.each([
    ["rewrite edns0 local set 0xffee 0x61626364", [[0xffee, "61626364"]]],
    ["rewrite edns0 local set 0xffee abcd", [[0xffee, "61626364"]]],
    ["rewrite edns0 local set 0xffee {client_ip}", [[0xffee, "7f000001"]]],
    ["rewrite edns0 local set 0xffee {qname}", [[0xffee, "612e746573742e"]]],
    ["rewrite edns0 local replace 0xffee x", []],
    ["rewrite edns0 nsid set", [[3, ""]]],
    ["rewrite edns0 subnet set 20 56", [[8, "000114007f0000"]]],
  ])("%s", async (rules, expected) => {
    expect(await options(rules)).toEqual(expected);
  });

  it.each<[rules: string, back: string | undefined]>([
    ["rewrite edns0 local set 0xffee abcd", "abcd"],
    ["rewrite edns0 local set 0xffee abcd revert", undefined],
    [
      "rewrite continue {\n edns0 local set 0xffee abcd\n}\n rewrite edns0 local replace 0xffee bcde revert",
      "abcd",
    ],
    [
      "rewrite continue edns0 local set 0xffee abcd\n rewrite edns0 local replace 0xffee bcde",
      "bcde",
    ],
  ])("%s: the answer has %s", async (rules, back) => {
    const text = `.:0 {\n bind 127.0.0.1\n ${rules}\n template ANY ANY { rcode NOERROR }\n}`;
    await using dns = await startDns({ corefile: text });
    const { edns } = await askBoth(dns.port, "a.test.", "NS", { edns: {} });
    expect(edns?.options.map(({ data }) => Buffer.from(data).toString())).toEqual(
      back === undefined ? [] : [back],
    );
  });

  it("replaces, keeps and takes away what the client sent", async () => {
    const own = [{ code: 0xffee, data: Buffer.from("own") }];
    const rule = (action: string) => options(`rewrite edns0 local ${action}`, own);
    expect(await rule("replace 0xffee x")).toEqual([[0xffee, "78"]]);
    expect(await rule("append 0xffee x")).toEqual([[0xffee, "6f776e"]]);
    expect(await rule("unset 0xffee")).toEqual([]);
  });
});
