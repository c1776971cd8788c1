import type { Namespace, Service } from "@kubehop/api";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, it } from "vitest";
import { CLIENT, dnsForwarded, dnsResolved, report } from "@kubehop/trace/testing";
import {
  createStyle,
  type LookupReport,
  type TracedLookup,
  type TracedQuery,
} from "@kubehop/trace";
import { explainName } from "./explain-name.ts";
import { formatDig } from "./format-dig.ts";
import { formatName } from "./format-name.ts";
import { toDigJson } from "./to-json.ts";

const [sent] = report.queries;
const from = { namespace: "default", name: "client", ip: CLIENT, node: "node-1" };
const dnsPod = { namespace: "kube-system", name: "coredns-b", ip: "10.244.2.2", node: "node-2" };

function query(name: string, change: Partial<TracedQuery> = {}): TracedQuery {
  const { ttl: _ttl, ...plain } = { ...sent, ttl: 30 };
  return { ...plain, name, rcode: "NXDOMAIN", answers: [], ...change } as TracedQuery;
}

function dig(
  question: string,
  queries: TracedQuery[],
  more: Partial<LookupReport> = {},
): TracedLookup {
  const { resolvConf } = report;
  return {
    from,
    report: { question, resolvConf, queries, answers: [], ...more },
    queries,
    complete: true,
    pods: new Map([[dnsPod.ip, dnsPod]]),
  };
}

const cluster = {
  namespaces: ["default", "other-ns"].map((name) => ({ metadata: { name } }) as Namespace),
  services: [
    serviceFixture(),
    serviceFixture({ namespace: "other-ns" }),
    serviceFixture({ name: "my-db", spec: { clusterIP: "None", clusterIPs: ["None"] } }),
    serviceFixture({ name: "empty", spec: { clusterIP: "None", clusterIPs: ["None"] } }),
    serviceFixture({ name: "ext", spec: { type: "ExternalName", externalName: "example.com" } }),
  ] satisfies Service[],
  slices: [sliceFixture({ service: "my-db", endpoints: ["10.244.1.7", "10.244.2.7"] })],
};

const yes = { rcode: "NOERROR", answers: ["10.96.0.50"] };
const none = { rcode: "NOERROR", answers: [] };

describe("explainName", () => {
  it.each<[string, Partial<TracedQuery>, string]>([
    ["my-api.default", yes, "Service default/my-api has this cluster IP"],
    ["my-api.default", { ...none, type: "AAAA" }, "has no IPv6 address"],
    ["my-api.default", { ...none, type: "TXT" }, "exists, but has no TXT record"],
    ["my-apu.default", {}, 'there is no Service "my-apu" in namespace default'],
    ["my-api.nowhere", {}, 'there is no namespace "nowhere"'],
    ["default", {}, "it names a namespace, which has no record"],
    ["nowhere", {}, 'there is no namespace "nowhere"'],
    ["my-db.default", yes, "is headless: its ready endpoints (2)"],
    ["empty.default", {}, "is headless and has no ready endpoint"],
    ["ext.default", yes, "is an alias of example.com"],
    ["x.my-db.default", {}, 'has no ready endpoint with hostname "x"'],
    ["x.my-db.default", yes, "endpoint x of Service default/my-db"],
    ["_http._tcp.my-api.default", yes, 'has a TCP port named "http"'],
    ["_http._tcp.my-api.default", { ...none, type: "AAAA" }, "but no AAAA record of it"],
    ["_web._tcp.my-api.default", {}, 'no TCP port named "web"; its port names: http'],
    ["_http._udp.my-api.default", {}, 'no UDP port named "http"'],
    ["a.b.c.d.e", {}, "no record has this shape"],
    ["my-api.default", { rcode: "SERVFAIL" }, "the DNS server failed"],
  ])("%s.svc.cluster.local %j", (name, change, reason) => {
    const queries = [query(`${name}.svc.cluster.local`, change)];
    expect(explainName(dig("x", queries), cluster).steps[0]?.reasons[0]).toContain(reason);
  });

  it.each<[string, Partial<TracedQuery>, string]>([
    ["example.com", {}, "outside the cluster's domain; plugin forward answered NXDOMAIN"],
    ["example.com", { rcode: "SERVFAIL" }, "the upstream of plugin forward cannot be reached"],
    ["1.0.96.10.in-addr.arpa", yes, "the address belongs to a Service"],
    ["1.0.96.10.in-addr.arpa", {}, "no Service has the address"],
    ["10-244-1-5.default.pod.cluster.local", yes, "the address in the name, 10-244-1-5"],
    ["10-244-1-5.default.pod.cluster.local", {}, "the option pods is disabled"],
  ])("%s %j", (name, change, reason) => {
    const { steps } = explainName(dig("x", [query(name, change)]), cluster);
    expect(steps[0]?.reasons[0]).toContain(reason);
  });

  it("tells silence from refusal", () => {
    const { rcode: _rcode, ...silent } = query("my-api.default.svc.cluster.local");
    const rejected = { ...dnsForwarded, type: "rejected", reason: "NoEndpoints" };
    const reasons = [
      { ...silent, error: "timeout", proxy: dnsForwarded },
      { ...silent, error: "ECONNREFUSED", proxy: rejected },
      { ...silent, error: "timeout" },
    ].map((one) => explainName(dig("x", [one as TracedQuery]), cluster).steps[0]?.reasons[0]);
    expect(reasons).toEqual([
      "timeout: the DNS pod at 10.244.2.2 did not answer",
      "the Service has no ready endpoint",
      "timeout; no kube-proxy told of this query",
    ]);
  });

  it.each([
    ["my-apu", ["There is a Service my-api: a misspelling?"]],
    ["my-api.other-nt", ["There is a namespace other-ns: a misspelling?"]],
    ["ext.other-ns", ["There is a Service ext in namespace default: ask for ext.default"]],
    ["zzzzzzzz", []],
  ])("suggests what was meant by %s", (question, notes) => {
    const failed = dig(question, [query(question)], { failure: "NXDOMAIN" });
    const found = explainName(failed, cluster).notes;
    if (notes.length === 0) expect(found).toEqual([]);
    else expect(found).toEqual(expect.arrayContaining(notes));
  });

  it("says what the search list costs", () => {
    const name = "my-api.other-ns.svc.cluster.local";
    const queries = [query("my-api.other-ns.default.svc.cluster.local"), query(name, yes)];
    const found = dig("my-api.other-ns", queries, { name, answers: ["10.96.0.50"] });
    expect(explainName(found, cluster).notes).toEqual([
      `2 names were asked for (2 queries) until one had an answer; "${name}." with a dot at its end is found at once.`,
    ]);
  });
});

describe("output", () => {
  const name = "my-api.default.svc.cluster.local";
  const queries = [
    query(name, { ...yes, ttl: 30, proxy: dnsForwarded, resolved: dnsResolved }),
    query(name, { ...none, type: "AAAA", resolved: { ...dnsResolved, plugin: "cache" } }),
  ];
  const found = dig("my-api", queries, { name, answers: ["10.96.0.50"] });
  const style = createStyle(false);
  const head = `my-api  from pod default/client (10.244.1.5, node-1)
nameserver 10.96.0.10, search default.svc.cluster.local svc.cluster.local cluster.local, ndots:5
0 dots are fewer than ndots:5, so the search list comes first
`;

  it("of dig has the way of each query and the source of each answer", () => {
    const text = formatDig(found, style);
    expect(text.startsWith(head)).toBe(true);
    expect(text).toContain(`  1  ${name}. A  NOERROR 10.96.0.50 TTL 30  1.6 ms
     UDP 10.244.1.5:50000 → 10.96.0.10:53 → 10.244.2.2:53 = kube-system/coredns-b on node-2 (drew 0.731 among 2)
     answered by its plugin kubernetes, not from its cache in `);
    expect(text).toContain("     answered from its cache in ");
    expect(text.endsWith(`\nanswer: ${name}. → 10.96.0.50\n`)).toBe(true);
  });

  it("of explain has the reasons, each once a name", () => {
    expect(formatName(found, explainName(found, cluster), style)).toBe(`${head}
  1  ${name}. A  NOERROR 10.96.0.50 TTL 30  1.6 ms
  2  ${name}. AAAA  NOERROR no record  1.6 ms
     Service default/my-api has this cluster IP
     Service default/my-api exists, but has no IPv6 address

answer: ${name}. → 10.96.0.50
`);
  });

  it("says when there is no answer, when nobody was asked, and what it does not know", () => {
    const failed = { ...dig("my-api.", [], { failure: "TIMEOUT" }), complete: false };
    const text = formatDig(failed, style);
    expect(text).toContain("it ends with a dot, so it is asked for as it is");
    expect(text).toContain("TIMEOUT: no step had an answer\nNot every hop was told");
    const inFile = dig("me", [], { hostsFile: ["10.1.1.1"], answers: ["10.1.1.1"] });
    expect(formatDig(inFile, style)).toContain("answer: /etc/hosts → 10.1.1.1");
    expect(formatDig(dig("10.96.0.1", []), style)).toContain("by its name below arpa");
  });

  it("of dig -o json is the report with the hops of its queries", () => {
    expect(toDigJson(found)).toMatchObject({
      from: { name: "client" },
      question: "my-api",
      answers: ["10.96.0.50"],
      queries: [{ proxy: { endpoint: { ip: "10.244.2.2" } } }, {}],
      complete: true,
    });
  });
});
