import { Flag, rcodeName } from "@kubehop/dns-wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespace, service, slice } from "../../testing/cluster-objects.ts";
import { askBoth, type DnsFixture, recordLines, startDns } from "../../testing/dns-fixture.ts";
import { createMemorySource, type MemorySource } from "../../testing/memory-source.ts";

/*
 * The tables of the Kubernetes DNS specification 1.1.0 (kubernetes/dns docs/specification.md), and
 * which types exist at which names, each over UDP and TCP.
 */

const COREFILE = `.:0 {
  bind 127.0.0.1
  errors
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
  }
  hosts /dev/null {
    192.0.2.53 www.example.com
    2001:db8:53::1 www.example.com
    fallthrough
  }
}`;
const HTTPS = { name: "https", protocol: "TCP" as const, port: 443 };

/** The specification's examples; `unnamed` has a port without a name. */
function createCluster(): MemorySource {
  const source = createMemorySource();
  source.namespaces.apply(namespace("default"));
  source.services.apply(
    service("default/kubernetes", {
      clusterIP: "10.3.0.1",
      clusterIPs: ["10.3.0.1", "2001:db8::1"],
      ports: [HTTPS],
    }),
    service("default/headless", {
      clusterIP: "None",
      ports: [HTTPS, { name: "sip", protocol: "UDP", port: 5060 }],
    }),
    service("default/unnamed", { clusterIP: "10.3.0.2", ports: [{ protocol: "TCP", port: 80 }] }),
    service("default/foo", { type: "ExternalName", externalName: "www.example.com" }),
    service("default/waiting", { clusterIP: "None", ports: [HTTPS] }),
    service("default/tolerant", { clusterIP: "None", publishNotReadyAddresses: true }),
  );
  source.slices.apply(
    slice("default/headless", {
      ports: [HTTPS, { name: "sip", protocol: "UDP", port: 5060 }],
      endpoints: [
        { addresses: ["10.3.0.100"], hostname: "my-pet" },
        { addresses: ["10.3.0.101"], hostname: "my-pet-2" },
        { addresses: ["10.3.0.102"], hostname: "my-pet-2" },
        { addresses: ["10.3.0.103"] },
        { addresses: ["10.3.0.104"], conditions: { ready: false } },
      ],
    }),
    slice("default/headless", {
      suffix: "6",
      addressType: "IPv6",
      ports: [HTTPS],
      endpoints: [{ addresses: ["2001:db8::100"], hostname: "my-pet" }],
    }),
    slice("default/waiting", {
      endpoints: [{ addresses: ["10.3.0.110"], conditions: { ready: false } }],
    }),
    // The controller writes ready: true for a Service that publishes addresses that are not.
    slice("default/tolerant", {
      endpoints: [{ addresses: ["10.3.0.111"], conditions: { ready: true, serving: false } }],
    }),
  );
  return source;
}

let dns: DnsFixture;
beforeAll(async () => {
  dns = await startDns({ corefile: COREFILE, source: createCluster() });
});
afterAll(() => dns[Symbol.asyncDispose]());

/** Room for the glue of SRV answers, which over UDP would be cut off. */
const EDNS = { edns: { udpSize: 4_096 } };

/** A section's records; ZONE is `cluster.local.`, @ the name asked. */
type Row = readonly [name: string, type: string, answers: readonly string[]];

const HEADLESS = "headless.default.svc.ZONE";
const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "2.2 schema version": [["dns-version.ZONE", "TXT", ["@ 28800 TXT 1.1.0"]]],
  "2.3.1 A and AAAA of a ClusterIP": [
    ["kubernetes.default.svc.ZONE", "A", ["@ 5 A 10.3.0.1"]],
    ["kubernetes.default.svc.ZONE", "AAAA", ["@ 5 AAAA 2001:db8::1"]],
    ["KUBERNETES.Default.SVC.ZONE", "A", ["@ 5 A 10.3.0.1"]],
  ],
  "2.3.2 SRV of a ClusterIP: one for each named port": [
    [
      "_https._tcp.kubernetes.default.svc.ZONE",
      "SRV",
      ["@ 5 SRV 0 50 443 kubernetes.default.svc.ZONE"],
    ],
    ["_https._udp.kubernetes.default.svc.ZONE", "SRV", []],
    ["_80._tcp.unnamed.default.svc.ZONE", "SRV", []],
  ],
  "2.3.3 PTR of a ClusterIP": [
    ["1.0.3.10.in-addr.arpa.", "PTR", ["@ 5 PTR kubernetes.default.svc.ZONE"]],
    [
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
      "PTR",
      ["@ 5 PTR kubernetes.default.svc.ZONE"],
    ],
  ],
  "2.4.1 A and AAAA of ready endpoints": [
    [
      HEADLESS,
      "A",
      ["@ 5 A 10.3.0.100", "@ 5 A 10.3.0.101", "@ 5 A 10.3.0.102", "@ 5 A 10.3.0.103"],
    ],
    [HEADLESS, "AAAA", ["@ 5 AAAA 2001:db8::100"]],
    [`my-pet.${HEADLESS}`, "A", ["@ 5 A 10.3.0.100"]],
    [`my-pet.${HEADLESS}`, "AAAA", ["@ 5 AAAA 2001:db8::100"]],
    [`my-pet-2.${HEADLESS}`, "A", ["@ 5 A 10.3.0.101", "@ 5 A 10.3.0.102"]],
    [`10-3-0-103.${HEADLESS}`, "A", ["@ 5 A 10.3.0.103"]],
    [`10-3-0-104.${HEADLESS}`, "A", []],
    ["waiting.default.svc.ZONE", "A", []],
    ["tolerant.default.svc.ZONE", "A", ["@ 5 A 10.3.0.111"]],
  ],
  "2.4.2 SRV: ready endpoints times named ports": [
    [
      `_https._tcp.${HEADLESS}`,
      "SRV",
      [
        `@ 5 SRV 0 20 443 10-3-0-103.${HEADLESS}`,
        `@ 5 SRV 0 20 443 my-pet-2.${HEADLESS}`,
        `@ 5 SRV 0 20 443 my-pet.${HEADLESS}`,
      ],
    ],
    [
      `_sip._udp.${HEADLESS}`,
      "SRV",
      [
        `@ 5 SRV 0 25 5060 10-3-0-103.${HEADLESS}`,
        `@ 5 SRV 0 25 5060 my-pet-2.${HEADLESS}`,
        `@ 5 SRV 0 25 5060 my-pet.${HEADLESS}`,
      ],
    ],
    ["_https._tcp.waiting.default.svc.ZONE", "SRV", []],
  ],
  "2.4.3 PTR of ready endpoints": [
    ["100.0.3.10.in-addr.arpa.", "PTR", [`@ 5 PTR my-pet.${HEADLESS}`]],
    ["103.0.3.10.in-addr.arpa.", "PTR", [`@ 5 PTR 10-3-0-103.${HEADLESS}`]],
    ["104.0.3.10.in-addr.arpa.", "PTR", []],
    [
      "0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
      "PTR",
      [`@ 5 PTR my-pet.${HEADLESS}`],
    ],
  ],
  "2.5 CNAME of an ExternalName": [
    ["foo.default.svc.ZONE", "CNAME", ["@ 5 CNAME www.example.com."]],
    [
      "foo.default.svc.ZONE",
      "A",
      ["@ 5 CNAME www.example.com.", "www.example.com. 3600 A 192.0.2.53"],
    ],
    [
      "foo.default.svc.ZONE",
      "AAAA",
      ["@ 5 CNAME www.example.com.", "www.example.com. 3600 AAAA 2001:db8:53::1"],
    ],
  ],
};

describe.each(Object.entries(TABLES))("%s", (_section, rows) => {
  it.each(rows)("%s %s", async (name, type, answers) => {
    const asked = name.replace("ZONE", "cluster.local.");
    const reply = await askBoth(dns.port, asked, type, EDNS);
    const expected = answers.map((line) =>
      line.replace("@", asked).replaceAll("ZONE", "cluster.local."),
    );
    expect(recordLines(reply.answers)).toEqual(expected.toSorted());
    expect(rcodeName(reply.rcode)).toBe(answers.length === 0 ? "NXDOMAIN" : "NOERROR");
    expect(reply.flags & Flag.AA).toBe(Flag.AA);
  });
});

/**
 * R: there are records; -: NODATA; x: NXDOMAIN, both with the zone's SOA. Columns as in TYPES.
 * CoreDNS has three quirks: TXT between names is NXDOMAIN, SOA below the apex is never NXDOMAIN,
 * and what has only TXT or PTR is NXDOMAIN for other types.
 */
const TYPES = "A AAAA SRV CNAME PTR TXT NS SOA MX HTTPS ANY".split(" ");
const MATRIX = `
  ZONE                                     - - - - - - R R - - -
  svc.ZONE                                 - - - - - x - - - - -
  pod.ZONE                                 - - - - - x - - - - -
  default.svc.ZONE                         - - - - - x - - - - -
  default.pod.ZONE                         - - - - - x - - - - -
  gone.svc.ZONE                            x x x x x x x - x x x
  gone.pod.ZONE                            x x x x x x x - x x x
  kubernetes.default.svc.ZONE              R R R - - - - - - - -
  _https._tcp.kubernetes.default.svc.ZONE  R R R - - - - - - - -
  _http._tcp.kubernetes.default.svc.ZONE   x x x x x x x - x x x
  x.kubernetes.default.svc.ZONE            x x x x x x x - x x x
  a.b.c.kubernetes.default.svc.ZONE        x x x x x x x - x x x
  unnamed.default.svc.ZONE                 R - R - - - - - - - -
  headless.default.svc.ZONE                R R R - - - - - - - -
  _https._tcp.headless.default.svc.ZONE    R R R - - - - - - - -
  my-pet.headless.default.svc.ZONE         R R R - - - - - - - -
  my-pet-2.headless.default.svc.ZONE       R - R - - - - - - - -
  gone.headless.default.svc.ZONE           x x x x x x x - x x x
  waiting.default.svc.ZONE                 x x x x x x x - x x x
  foo.default.svc.ZONE                     R R - R - - - - - - -
  x.foo.default.svc.ZONE                   x x x x x x x - x x x
  gone.default.svc.ZONE                    x x x x x x x - x x x
  1-2-3-4.default.pod.ZONE                 R - R - - - - - - - -
  fd00--1.default.pod.ZONE                 - R R - - - - - - - -
  1-2-3.default.pod.ZONE                   x x x x x x x - x x x
  dns-version.ZONE                         x x x x x R x - x x x
  gone.ZONE                                x x x x x x x - x x x
  in-addr.arpa.                            - - - - - - R R - - -
  1.0.3.10.in-addr.arpa.                   x x x x R x x - x x x
  9.9.9.9.in-addr.arpa.                    x x x x x x x - x x x
`;
const ROWS = MATRIX.trim()
  .split("\n")
  .map((line) => line.trim().split(/ {2,}/) as [string, string]);

describe("which types exist at which names", () => {
  it.each(ROWS)("%s: %s", async (name, expected) => {
    const asked = name.replace("ZONE", "cluster.local.");
    const seen: string[] = [];
    for (const type of TYPES) {
      const reply = await askBoth(dns.port, asked, type, EDNS);
      const code = rcodeName(reply.rcode);
      seen.push(code === "NXDOMAIN" ? "x" : reply.answers.length > 0 ? "R" : "-");
      if (reply.answers.length === 0) {
        expect([code, reply.authorities]).toMatchObject([/NOERROR|NXDOMAIN/, [{ type: "SOA" }]]);
      }
    }
    expect(seen.join(" ")).toBe(expected);
  });
});
