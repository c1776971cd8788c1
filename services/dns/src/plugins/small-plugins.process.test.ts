import { CLASS_CODES, CLASS_IN, Flag, Rcode } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { ask, askBoth, type AskOptions, recordLines, startDns } from "../testing/dns-fixture.ts";
import { forwardTo, startUpstream } from "../testing/upstream-fixture.ts";

const EDNS = { edns: {} };
/** Long enough for an answer that comes; spent where none does. */
const UNANSWERED = { waitMs: 3_000 };

function corefile(...lines: readonly string[]): string {
  return `.:0 {\n bind 127.0.0.1\n errors\n prometheus 127.0.0.1:0\n${lines.join("\n")}\n}`;
}

/** A hosts file's worth of names. */
const HOSTS = "hosts /dev/null {\n 192.0.2.1 a.example\n 2001:db8::1 a.example\n}";

describe("any", () => {
  it("answers ANY with HINFO, other types go on", async () => {
    await using dns = await startDns({ corefile: corefile("any", HOSTS) });
    const reply = await askBoth(dns.port, "A.example.", "ANY");
    expect(recordLines(reply.answers)).toEqual([
      "A.example. 8482 HINFO ANY obsoleted See RFC 8482",
    ]);
    expect((await askBoth(dns.port, "a.example.", "A")).answers).toHaveLength(1);
  });
});

describe("minimal", () => {
  it("leaves out authority and additional of positive answers only", async () => {
    const soa = {
      name: "example.",
      type: "SOA" as const,
      class: CLASS_IN,
      ttl: 60,
      mname: "ns.example.",
      rname: "h.example.",
      serial: 1,
      refresh: 1,
      retry: 1,
      expire: 1,
      minimum: 60,
    };
    const ns = { name: "example.", type: "NS" as const, class: CLASS_IN, ttl: 60, target: "ns." };
    const a = { name: "a.example.", class: CLASS_IN, ttl: 60, address: "192.0.2.1" };
    await using upstream = await startUpstream(({ questions: [question] }) => {
      if (question?.name === "missing.example.") return { rcode: 3, authorities: [soa] };
      if (question?.name === "sub.example.") return { authorities: [ns] };
      return {
        answers: [{ ...a, type: "A" }],
        authorities: [ns],
        additionals: [{ ...a, type: "A" }],
      };
    });
    const lines = ["minimal", forwardTo(upstream.port)];
    await using dns = await startDns({ corefile: corefile(...lines) });
    const found = await askBoth(dns.port, "a.example.", "A");
    const counts = [found.answers, found.authorities, found.additionals].map((s) => s.length);
    expect(counts).toEqual([1, 0, 0]);
    expect((await askBoth(dns.port, "missing.example.", "A")).authorities).toHaveLength(1);
    expect((await askBoth(dns.port, "sub.example.", "A")).authorities).toHaveLength(1);
  });
});

describe("bufsize", () => {
  it("lowers what a client may take, and never raises it", async () => {
    await using dns = await startDns({ corefile: corefile("bufsize 1100", HOSTS) });
    const size = async (udpSize: number) =>
      (await askBoth(dns.port, "a.example.", "A", { edns: { udpSize } })).edns?.udpSize;
    expect([await size(4_096), await size(1_100), await size(600)]).toEqual([1_100, 1_100, 600]);
  });

  it("tells the upstream too", async () => {
    let told = 0;
    await using upstream = await startUpstream((query) => {
      told = query.edns?.udpSize ?? 0;
      return {};
    });
    const lines = ["bufsize 700", forwardTo(upstream.port)];
    await using dns = await startDns({ corefile: corefile(...lines) });
    await ask(dns.port, "a.example.", "A", { edns: { udpSize: 4_096 } });
    expect(told).toBe(700);
  });
});

describe("chaos", () => {
  const CH: AskOptions = { class: CLASS_CODES["CH"] ?? 3 };

  it("tells version and authors in class CH, and nothing else", async () => {
    const line = 'chaos CoreDNS-001 "info@coredns.io" second';
    await using dns = await startDns({ corefile: corefile(line, HOSTS) });
    const texts = async (name: string) =>
      (await askBoth(dns.port, name, "TXT", CH)).answers.map((each) =>
        each.type === "TXT" ? each.strings.join() : each.type,
      );
    expect(await texts("version.bind.")).toEqual(["CoreDNS-001"]);
    expect(await texts("VERSION.server.")).toEqual(["CoreDNS-001"]);
    expect(await texts("authors.bind.")).toEqual(["info@coredns.io", "second"]);
    expect(await texts("hostname.bind.")).toEqual(await texts("id.server."));
    expect((await askBoth(dns.port, "other.bind.", "TXT", CH)).rcode).toBe(Rcode.SERVFAIL);
    expect((await askBoth(dns.port, "version.bind.", "TXT")).rcode).toBe(Rcode.SERVFAIL);
  });
});

describe("nsid", () => {
  const NSID = { code: 3, data: Buffer.alloc(0) };

  it("tells its name to those that ask", async () => {
    await using dns = await startDns({ corefile: corefile("nsid Use The Force", HOSTS) });
    const options = async (asked: AskOptions) =>
      (await askBoth(dns.port, "a.example.", "A", asked)).edns?.options.map(({ code, data }) => [
        code,
        Buffer.from(data).toString(),
      ]);
    expect(await options({ edns: { options: [NSID] } })).toEqual([[3, "Use The Force"]]);
    expect(await options(EDNS)).toEqual([]);
  });

  it("is silent without the directive", async () => {
    await using dns = await startDns({ corefile: corefile(HOSTS) });
    const reply = await askBoth(dns.port, "a.example.", "A", { edns: { options: [NSID] } });
    expect(reply.edns?.options.map(({ data }) => data.length)).toEqual([0]);
  });
});

describe("header", () => {
  const flags = async (rules: string, asked: number) => {
    await using dns = await startDns({ corefile: corefile(`header {\n${rules}\n}`, HOSTS) });
    return (await askBoth(dns.port, "a.example.", "A", { flags: asked })).flags & ~Flag.QR;
  };

  it.each([
    ["response set ra", Flag.RD, Flag.AA | Flag.RA | Flag.RD],
    ["set ra aa\n clear rd", Flag.RD, Flag.AA | Flag.RA],
    ["response clear aa", 0, 0],
    ["response set rd", 0, Flag.AA | Flag.RD],
  ])("%s", async (rules, asked, expected) => {
    expect(await flags(rules, asked)).toBe(expected);
  });

  it("changes the query for the plugins behind it", async () => {
    let seen = 0;
    await using upstream = await startUpstream((query) => {
      seen = query.flags;
      return {};
    });
    const lines = ["header {\n query clear rd\n}", forwardTo(upstream.port)];
    await using dns = await startDns({ corefile: corefile(...lines) });
    const reply = await ask(dns.port, "a.example.", "A", { flags: Flag.RD });
    expect([seen & Flag.RD, reply.flags & Flag.RD]).toEqual([0, Flag.RD]);
  });
});

describe("acl", () => {
  const rules = (text: string) => corefile(`acl example {\n${text}\n}`, "erratic {\n drop 0\n}");
  const rcode = async (text: string, name = "a.example.", type = "A") => {
    await using dns = await startDns({ corefile: rules(text) });
    return (await askBoth(dns.port, name, type)).rcode;
  };

  it.each([
    ["block type * net 127.0.0.0/8", "a.example.", "A", Rcode.REFUSED],
    ["block net 127.0.0.1", "a.example.", "A", Rcode.REFUSED],
    ["block", "a.example.", "A", Rcode.REFUSED],
    ["block type A net 192.168.0.0/16 10.0.0.0/8", "a.example.", "A", Rcode.NOERROR],
    ["block type AAAA MX net *", "a.example.", "A", Rcode.NOERROR],
    ["block type aaaa net *", "a.example.", "AAAA", Rcode.REFUSED],
    ["block", "a.test.", "A", Rcode.NOERROR],
    ["allow net 127.0.0.0/8\n block", "a.example.", "A", Rcode.NOERROR],
    ["allow net ::1\n block", "a.example.", "A", Rcode.REFUSED],
  ])("%s: %s %s", async (text, name, type, expected) => {
    expect(await rcode(text, name, type)).toBe(expected);
  });

  it("filters with an empty answer, and says why", async () => {
    await using dns = await startDns({ corefile: rules("filter") });
    const reply = await askBoth(dns.port, "a.example.", "A", EDNS);
    expect([reply.rcode, reply.answers.length]).toEqual([Rcode.NOERROR, 0]);
    expect(reply.edns?.options).toEqual([{ code: 15, data: Buffer.from([0, 17]) }]);
    expect(await dns.metric("coredns_acl_filtered_requests_total")).toContain(" 2");
  });

  it("drops without any answer, and counts", async () => {
    await using dns = await startDns({ corefile: rules("drop type TXT\n block type MX") });
    let answered = false;
    const lost = ask(dns.port, "a.example.", "TXT", UNANSWERED).then(
      () => (answered = true),
      () => undefined,
    );
    await ask(dns.port, "a.example.", "MX");
    await ask(dns.port, "a.example.", "A");
    const counted = async (name: string) => dns.metric(`coredns_acl_${name}_requests_total`);
    expect(await counted("dropped")).toContain('zone=".",view=""} 1');
    expect(await counted("blocked")).toContain('zone=".",view=""} 1');
    expect(await counted("allowed")).toContain('view=""} 1');
    expect(answered).toBe(false);
    await lost;
  });
});

describe("erratic", () => {
  it("answers A and AAAA, and fails for the rest", async () => {
    await using dns = await startDns({ corefile: corefile("erratic {\n drop 0\n}") });
    const lines = async (type: string) =>
      recordLines((await askBoth(dns.port, "x.test.", type)).answers);
    expect(await lines("A")).toEqual(["x.test. 0 A 192.0.2.53"]);
    expect(await lines("AAAA")).toEqual(["x.test. 0 AAAA 2001:db8::53"]);
    expect((await askBoth(dns.port, "x.test.", "MX")).rcode).toBe(Rcode.SERVFAIL);
  });

  it("cuts off and delays as often as it is told", async () => {
    const text = "erratic {\n truncate 2\n delay 3 1ms\n large\n}";
    await using dns = await startDns({ corefile: corefile(text) });
    const cut: boolean[] = [];
    for (let query = 0; query < 4; query++) {
      const { flags, answers } = await ask(dns.port, "x.", "A", { protocol: "tcp" });
      cut.push((flags & Flag.TC) !== 0);
      expect(answers).toHaveLength(30);
    }
    expect(cut).toEqual([true, false, true, false]);
  });

  it("drops every second query by itself", async () => {
    await using dns = await startDns({ corefile: corefile("erratic") });
    const lost = ask(dns.port, "first.", "A", UNANSWERED).catch((error: unknown) => error);
    expect((await ask(dns.port, "second.", "A")).answers).toHaveLength(1);
    expect(await lost).toBeInstanceOf(Error);
  });
});

describe("cancel", () => {
  it("gives up what takes too long", async () => {
    const lines = ["cancel 20ms", "erratic {\n delay 1 1h\n}"];
    await using dns = await startDns({ corefile: corefile(...lines) });
    expect((await askBoth(dns.port, "x.", "A")).rcode).toBe(Rcode.SERVFAIL);
    expect(dns.log.join("")).not.toContain("panic");
  });
});

describe("debug", () => {
  it("logs at level debug", async () => {
    const text = corefile("debug", "view broken {\n expr -name() == 1\n}", "whoami");
    await using dns = await startDns({ corefile: text, logLevel: "info" });
    expect((await askBoth(dns.port, "x.", "A")).rcode).toBe(Rcode.REFUSED);
    expect(dns.log.join("")).toContain("an expression failed");
  });
});

describe("dns64", () => {
  const LINES = ["hosts /dev/null {\n 192.0.2.1 four.example\n 2001:db8::1 six.example\n}"];
  const aaaa = async (directive: string, name: string) => {
    await using dns = await startDns({ corefile: corefile(directive, ...LINES) });
    const lines = recordLines((await askBoth(dns.port, name, "AAAA")).answers);
    return [lines, await dns.metric("coredns_dns64_requests_translated_total")] as const;
  };

  it("makes AAAA records from A records", async () => {
    const [lines, metric] = await aaaa("dns64 {\n allow_ipv4\n}", "four.example.");
    expect(lines).toEqual(["four.example. 600 AAAA 64:ff9b::c000:201"]);
    expect(metric).toContain(" 2");
  });

  it("takes another prefix", async () => {
    const directive = "dns64 2001:db8:64::/64 {\n allow_ipv4\n}";
    const [lines] = await aaaa(directive, "four.example.");
    expect(lines).toEqual(["four.example. 600 AAAA 2001:db8:64:0:c0:2:100:0"]);
  });

  it("leaves real AAAA records, and clients over IPv4", async () => {
    const [lines] = await aaaa("dns64 {\n allow_ipv4\n}", "six.example.");
    expect(lines).toEqual(["six.example. 3600 AAAA 2001:db8::1"]);
    expect((await aaaa("dns64", "four.example."))[0]).toEqual([]);
  });
});
