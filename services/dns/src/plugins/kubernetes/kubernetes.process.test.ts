import { Flag, Rcode, rcodeName } from "@kubehop/dns-wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespace, pod, service, slice } from "../../testing/cluster-objects.ts";
import { ask, type DnsFixture, recordLines, startDns } from "../../testing/dns-fixture.ts";
import { createMemorySource, type MemorySource } from "../../testing/memory-source.ts";

const ZONE = "cluster.local.";

function corefile(options: string): string {
  return `.:0 {
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
        ${options}
    }
    whoami
}`;
}

/** The example cluster: every kind of Service there is. */
function createCluster(): MemorySource {
  const source = createMemorySource();
  const ready = { ready: true };
  source.namespaces.apply(
    namespace("default", { team: "a" }),
    namespace("kube-system"),
    namespace("empty"),
  );
  source.services.apply(
    service("default/my-api", { clusterIP: "10.96.0.50" }, { app: "my-api" }),
    service("default/dual", { clusterIP: "10.96.0.60", clusterIPs: ["10.96.0.60", "fd00::60"] }),
    service("default/my-db", {
      clusterIP: "None",
      ports: [{ name: "pg", protocol: "TCP", port: 5432 }],
      selector: { app: "my-db" },
    }),
    service("default/none-ready", { clusterIP: "None" }),
    service("default/no-ports", { clusterIP: "None", ports: [] }),
    service("default/idle", { clusterIP: "10.96.0.61" }),
    service("default/ext", { type: "ExternalName", externalName: "www.example.com" }),
    service("default/ext-ip", { type: "ExternalName", externalName: "192.0.2.1" }),
    service("default/alias", {
      type: "ExternalName",
      externalName: "my-api.default.svc.cluster.local",
    }),
    service("default/alias-gone", {
      type: "ExternalName",
      externalName: "gone.default.svc.cluster.local",
    }),
    service("default/ring-a", {
      type: "ExternalName",
      externalName: "ring-b.default.svc.cluster.local",
    }),
    service("default/ring-b", {
      type: "ExternalName",
      externalName: "ring-a.default.svc.cluster.local",
    }),
    service("kube-system/kube-dns", {
      clusterIP: "10.96.0.10",
      ports: [
        { name: "dns", protocol: "UDP", port: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53 },
      ],
    }),
  );
  source.slices.apply(
    slice("default/my-api", {
      endpoints: [
        { addresses: ["10.244.1.10"], conditions: ready },
        { addresses: ["10.244.2.20"], conditions: { ready: false, serving: true } },
      ],
    }),
    slice("default/my-db", {
      ports: [{ name: "pg", protocol: "TCP", port: 5432 }],
      endpoints: [
        {
          addresses: ["10.244.1.11"],
          hostname: "my-db-0",
          targetRef: { kind: "Pod", name: "my-db-0" },
        },
        { addresses: ["10.244.2.21"], targetRef: { kind: "Pod", name: "db-pod" } },
      ],
    }),
    slice("default/my-db", {
      suffix: "6",
      addressType: "IPv6",
      ports: [{ name: "pg", protocol: "TCP", port: 5432 }],
      endpoints: [{ addresses: ["fd00:244::"], conditions: ready }],
    }),
    slice("default/none-ready", {
      endpoints: [{ addresses: ["10.244.1.12"], conditions: { ready: false } }],
    }),
    slice("default/no-ports", { ports: [], endpoints: [{ addresses: ["10.244.1.13"] }] }),
  );
  source.pods.apply(pod("default/p1", "10.244.1.10"), pod("default/done", "10.9.9.9", "Succeeded"));
  return source;
}

let dns: DnsFixture;
beforeAll(async () => {
  dns = await startDns({ corefile: corefile(""), source: createCluster() });
});
afterAll(async () => {
  await dns[Symbol.asyncDispose]();
});

describe.each(["udp", "tcp"] as const)("answers over %s", (protocol) => {
  it.each<[name: string, type: string, answers: string[], additionals?: string[]]>([
    ["my-api.default.svc.cluster.local.", "A", ["30 A 10.96.0.50"]],
    ["dual.default.svc.cluster.local.", "A", ["30 A 10.96.0.60"]],
    ["dual.default.svc.cluster.local.", "AAAA", ["30 AAAA fd00::60"]],
    ["_http._tcp.my-api.default.svc.cluster.local.", "A", ["30 A 10.96.0.50"]],
    ["http.tcp.my-api.default.svc.cluster.local.", "A", ["30 A 10.96.0.50"]],
    [
      "_http._tcp.my-api.default.svc.cluster.local.",
      "SRV",
      ["30 SRV 0 100 80 my-api.default.svc.cluster.local."],
      ["my-api.default.svc.cluster.local. 30 A 10.96.0.50"],
    ],
    [
      "dual.default.svc.cluster.local.",
      "SRV",
      ["30 SRV 0 50 80 dual.default.svc.cluster.local."],
      [
        "dual.default.svc.cluster.local. 30 A 10.96.0.60",
        "dual.default.svc.cluster.local. 30 AAAA fd00::60",
      ],
    ],
    [
      "kube-dns.kube-system.svc.cluster.local.",
      "SRV",
      ["30 SRV 0 50 53 kube-dns.kube-system.svc.cluster.local."],
      ["kube-dns.kube-system.svc.cluster.local. 30 A 10.96.0.10"],
    ],
    ["my-db.default.svc.cluster.local.", "A", ["30 A 10.244.1.11", "30 A 10.244.2.21"]],
    ["my-db.default.svc.cluster.local.", "AAAA", ["30 AAAA fd00:244::"]],
    ["my-db-0.my-db.default.svc.cluster.local.", "A", ["30 A 10.244.1.11"]],
    ["10-244-2-21.my-db.default.svc.cluster.local.", "A", ["30 A 10.244.2.21"]],
    ["fd00-244--0.my-db.default.svc.cluster.local.", "AAAA", ["30 AAAA fd00:244::"]],
    [
      "_pg._tcp.my-db.default.svc.cluster.local.",
      "SRV",
      [
        "30 SRV 0 33 5432 10-244-2-21.my-db.default.svc.cluster.local.",
        "30 SRV 0 33 5432 fd00-244--0.my-db.default.svc.cluster.local.",
        "30 SRV 0 33 5432 my-db-0.my-db.default.svc.cluster.local.",
      ],
      [
        "10-244-2-21.my-db.default.svc.cluster.local. 30 A 10.244.2.21",
        "fd00-244--0.my-db.default.svc.cluster.local. 30 AAAA fd00:244::",
        "my-db-0.my-db.default.svc.cluster.local. 30 A 10.244.1.11",
      ],
    ],
    ["10-244-1-10.my-api.default.svc.cluster.local.", "A", ["30 A 10.244.1.10"]],
    ["no-ports.default.svc.cluster.local.", "A", ["30 A 10.244.1.13"]],
    ["ext.default.svc.cluster.local.", "CNAME", ["30 CNAME www.example.com."]],
    ["ext.default.svc.cluster.local.", "A", ["30 CNAME www.example.com."]],
    [
      "alias.default.svc.cluster.local.",
      "A",
      [
        "30 CNAME my-api.default.svc.cluster.local.",
        "my-api.default.svc.cluster.local. 30 A 10.96.0.50",
      ],
    ],
    ["1-2-3-4.default.pod.cluster.local.", "A", ["30 A 1.2.3.4"]],
    ["fd00--5.default.pod.cluster.local.", "AAAA", ["30 AAAA fd00::5"]],
    ["50.0.96.10.in-addr.arpa.", "PTR", ["30 PTR my-api.default.svc.cluster.local."]],
    ["11.1.244.10.in-addr.arpa.", "PTR", ["30 PTR my-db-0.my-db.default.svc.cluster.local."]],
    ["21.2.244.10.in-addr.arpa.", "PTR", ["30 PTR 10-244-2-21.my-db.default.svc.cluster.local."]],
    [
      "0.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
      "PTR",
      ["30 PTR dual.default.svc.cluster.local."],
    ],
    ["dns-version.cluster.local.", "TXT", ["28800 TXT 1.1.0"]],
  ])("%s %s", async (name, type, answers, additionals = []) => {
    const reply = await ask(dns.port, name, type, { protocol });
    expect(rcodeName(reply.rcode)).toBe("NOERROR");
    expect(reply.flags & Flag.AA).toBe(Flag.AA);
    expect(reply.flags & Flag.RA).toBe(0);
    const owned = answers.map((line) => (/^\d/.test(line) ? `${name} ${line}` : line));
    expect(recordLines(reply.answers)).toEqual(owned.toSorted());
    expect(recordLines(reply.additionals)).toEqual(additionals);
  });

  it.each<[name: string, type: string, rcode: "NODATA" | "NXDOMAIN"]>([
    ["my-api.default.svc.cluster.local.", "AAAA", "NODATA"],
    ["my-api.default.svc.cluster.local.", "MX", "NODATA"],
    ["my-api.default.svc.cluster.local.", "TXT", "NODATA"],
    ["my-api.default.svc.cluster.local.", "CNAME", "NODATA"],
    ["my-api.default.svc.cluster.local.", "HTTPS", "NODATA"],
    ["my-api.default.svc.cluster.local.", "ANY", "NODATA"],
    ["my-api.default.svc.cluster.local.", "NS", "NODATA"],
    ["my-api.default.svc.cluster.local.", "SOA", "NODATA"],
    ["gone.default.svc.cluster.local.", "SOA", "NODATA"],
    ["cluster.local.", "A", "NODATA"],
    ["cluster.local.", "AAAA", "NODATA"],
    ["cluster.local.", "SRV", "NODATA"],
    ["cluster.local.", "TXT", "NODATA"],
    ["svc.cluster.local.", "A", "NODATA"],
    ["pod.cluster.local.", "A", "NODATA"],
    ["default.svc.cluster.local.", "A", "NODATA"],
    ["default.pod.cluster.local.", "A", "NODATA"],
    ["empty.svc.cluster.local.", "AAAA", "NODATA"],
    ["default.svc.cluster.local.", "TXT", "NXDOMAIN"],
    ["no-ports.default.svc.cluster.local.", "SRV", "NODATA"],
    ["ext.default.svc.cluster.local.", "TXT", "NODATA"],
    ["ext.default.svc.cluster.local.", "SRV", "NODATA"],
    ["alias.default.svc.cluster.local.", "AAAA", "NODATA"],
    ["alias-gone.default.svc.cluster.local.", "A", "NODATA"],
    ["ring-a.default.svc.cluster.local.", "A", "NODATA"],
    ["1-2-3-4.default.pod.cluster.local.", "AAAA", "NODATA"],
    ["gone.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["gone.default.svc.cluster.local.", "AAAA", "NXDOMAIN"],
    ["gone.default.svc.cluster.local.", "HTTPS", "NXDOMAIN"],
    ["my-api.gone.svc.cluster.local.", "A", "NXDOMAIN"],
    ["gone.svc.cluster.local.", "A", "NXDOMAIN"],
    ["none-ready.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["10-244-2-20.my-api.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["10-244-1-11.my-db.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["_https._tcp.my-api.default.svc.cluster.local.", "SRV", "NXDOMAIN"],
    ["_http._udp.my-api.default.svc.cluster.local.", "SRV", "NXDOMAIN"],
    ["a.b.c.my-api.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["www.example.com.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["*.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["x.ext.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["_p._t.ext.default.svc.cluster.local.", "SRV", "NXDOMAIN"],
    ["ext-ip.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["1-2-3.default.pod.cluster.local.", "A", "NXDOMAIN"],
    ["1-2-3-4.gone.pod.cluster.local.", "A", "NXDOMAIN"],
    ["dns-version.cluster.local.", "A", "NXDOMAIN"],
    ["example.cluster.local.", "A", "NXDOMAIN"],
  ])("%s %s is %s", async (name, type, expected) => {
    const reply = await ask(dns.port, name, type, { protocol });
    expect(rcodeName(reply.rcode)).toBe(expected === "NODATA" ? "NOERROR" : expected);
    expect(reply.answers).toEqual([]);
    expect(reply.flags & Flag.AA).toBe(Flag.AA);
    expect(reply.authorities).toMatchObject([
      { name: ZONE, type: "SOA", ttl: 30, minimum: 30, mname: "ns.dns.cluster.local." },
    ]);
  });
});

describe("the kubernetes plugin", () => {
  it("keeps the case of question and zone, and lower-cases the rest of SRV targets", async () => {
    const asked = "_HTTP._Tcp.My-API.Default.SVC.Cluster.LOCAL.";
    const reply = await ask(dns.port, asked, "SRV");
    expect(reply.questions[0]?.name).toBe(asked);
    expect(reply.answers).toMatchObject([
      { name: asked, target: "my-api.default.svc.Cluster.LOCAL." },
    ]);
    const denied = await ask(dns.port, "Gone.Default.SVC.CLUSTER.local.", "A");
    expect(denied.authorities).toMatchObject([
      { name: "CLUSTER.local.", mname: "ns.dns.CLUSTER.local." },
    ]);
  });

  it("answers SOA and NS at the apex", async () => {
    const soa = await ask(dns.port, ZONE, "SOA");
    expect(soa.answers).toMatchObject([
      {
        type: "SOA",
        rname: "hostmaster.cluster.local.",
        refresh: 7200,
        retry: 1800,
        expire: 86400,
      },
    ]);
    const ns = await ask(dns.port, ZONE, "NS");
    expect(ns.rcode).toBe(Rcode.NOERROR);
    for (const record of ns.answers) expect(record).toMatchObject({ target: `ns.dns.${ZONE}` });
  });

  it.each(["AXFR", "IXFR"])("refuses %s", async (type) => {
    const reply = await ask(dns.port, ZONE, type, { protocol: "tcp" });
    expect(rcodeName(reply.rcode)).toBe("REFUSED");
  });

  it("passes unknown reverse names on", async () => {
    const reply = await ask(dns.port, "1.2.0.192.in-addr.arpa.", "PTR");
    expect(rcodeName(reply.rcode)).toBe("NOERROR");
    expect(reply.additionals[0]).toMatchObject({ type: "A", address: "127.0.0.1" });
  });

  it("follows changes", async () => {
    const source = createCluster();
    await using own = await startDns({ corefile: corefile(""), source });
    const name = "late.default.svc.cluster.local.";
    expect((await ask(own.port, name, "A")).rcode).toBe(Rcode.NXDOMAIN);
    source.services.apply(service("default/late", { clusterIP: "10.96.0.77" }));
    expect(recordLines((await ask(own.port, name, "A")).answers)).toEqual([
      `${name} 30 A 10.96.0.77`,
    ]);
    source.services.apply(service("default/late", { clusterIP: "None" }));
    expect((await ask(own.port, name, "A")).rcode).toBe(Rcode.NXDOMAIN);
    source.slices.apply(slice("default/late", { endpoints: [{ addresses: ["10.244.3.1"] }] }));
    expect(recordLines((await ask(own.port, name, "A")).answers)).toEqual([
      `${name} 30 A 10.244.3.1`,
    ]);
    source.slices.remove("default/late-1");
    source.services.remove("default/late");
    expect((await ask(own.port, name, "A")).rcode).toBe(Rcode.NXDOMAIN);
    expect((await ask(own.port, "77.0.96.10.in-addr.arpa.", "PTR")).answers).toEqual([]);
  });

  it("answers SERVFAIL for unknown names until it is synced, and what it knows at once", async () => {
    const source = createMemorySource({ synced: false });
    source.namespaces.apply(namespace("default"));
    source.services.apply(service("default/my-api", { clusterIP: "10.96.0.50" }));
    await using own = await startDns({ corefile: corefile("startup_timeout 10ms"), source });
    expect(own.server.ready()).toBe(false);
    expect(own.log.join("")).toContain("starting server with unsynced Kubernetes API");
    const known = await ask(own.port, "my-api.default.svc.cluster.local.", "A");
    expect(known.answers).toHaveLength(1);
    const unknown = await ask(own.port, "gone.default.svc.cluster.local.", "A");
    expect(rcodeName(unknown.rcode)).toBe("SERVFAIL");
    source.sync();
    expect(own.server.ready()).toBe(true);
    const now = await ask(own.port, "gone.default.svc.cluster.local.", "A");
    expect(rcodeName(now.rcode)).toBe("NXDOMAIN");
  });

  it.each<[options: string, name: string, type: string, expected: string]>([
    ["namespaces kube-system", "my-api.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["namespaces kube-system", "kube-dns.kube-system.svc.cluster.local.", "A", "NOERROR"],
    ["namespaces kube-system", "50.0.96.10.in-addr.arpa.", "PTR", "passed on"],
    ["namespace_labels team=a", "my-api.default.svc.cluster.local.", "A", "NOERROR"],
    ["namespace_labels team=a", "kube-dns.kube-system.svc.cluster.local.", "A", "NXDOMAIN"],
    ["labels app in (my-api)", "my-api.default.svc.cluster.local.", "A", "NOERROR"],
    ["labels app in (my-api)", "idle.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["endpoint_pod_names", "db-pod.my-db.default.svc.cluster.local.", "A", "NOERROR"],
    ["endpoint_pod_names", "10-244-2-21.my-db.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["noendpoints", "my-db.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["noendpoints", "11.1.244.10.in-addr.arpa.", "PTR", "passed on"],
    ["ignore empty_service", "idle.default.svc.cluster.local.", "A", "NXDOMAIN"],
    ["ignore empty_service", "my-api.default.svc.cluster.local.", "A", "NOERROR"],
    ["ignore empty_service", "ext.default.svc.cluster.local.", "CNAME", "NOERROR"],
    ["pods disabled", "1-2-3-4.default.pod.cluster.local.", "A", "NXDOMAIN"],
    ["pods disabled", "default.pod.cluster.local.", "A", "NXDOMAIN"],
    ["pods verified", "10-244-1-10.default.pod.cluster.local.", "A", "NOERROR"],
    ["pods verified", "10-244-1-10.kube-system.pod.cluster.local.", "A", "NXDOMAIN"],
    ["pods verified", "10-9-9-9.default.pod.cluster.local.", "A", "NXDOMAIN"],
    ["fallthrough", "gone.default.svc.cluster.local.", "A", "passed on"],
    ["fallthrough", "my-api.default.svc.cluster.local.", "AAAA", "NOERROR"],
    ["ttl 0", "my-api.default.svc.cluster.local.", "A", "NOERROR"],
  ])("with %s: %s %s is %s", async (options, name, type, expected) => {
    await using own = await startDns({ corefile: corefile(options), source: createCluster() });
    const reply = await ask(own.port, name, type);
    const passed = reply.additionals.some((record) => record.name === `_udp.${name}`);
    expect(passed ? "passed on" : rcodeName(reply.rcode)).toBe(expected);
  });

  it("names the Services of this machine's own endpoints at the apex", async () => {
    const source = createCluster();
    await using own = await startDns({ corefile: corefile(""), source });
    const before = await ask(own.port, ZONE, "NS");
    const [local] = before.additionals;
    if (local?.type !== "A") return;
    source.slices.apply(
      slice("kube-system/kube-dns", { endpoints: [{ addresses: [local.address] }] }),
    );
    const after = await ask(own.port, ZONE, "NS");
    const target = "kube-dns.kube-system.svc.cluster.local.";
    expect(recordLines(after.answers)).toEqual([`${ZONE} 30 NS ${target}`]);
    expect(recordLines(after.additionals)).toEqual([`${target} 30 A 10.96.0.10`]);
  });

  it("measures how long a headless Service's change took", async () => {
    const source = createCluster();
    await using own = await startDns({ corefile: corefile(""), source });
    const time = new Date(Date.now() - 1500).toISOString();
    source.slices.apply(
      slice("default/my-db", {
        endpoints: [],
        annotations: { "endpoints.kubernetes.io/last-change-trigger-time": time },
      }),
    );
    const text = await own.metric("coredns_kubernetes_dns_programming_duration_seconds");
    expect(text).toContain('_count{service_kind="headless_with_selector"} 1');
  });
});
