import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { rcodeName } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { namespace, service, slice } from "../../testing/cluster-objects.ts";
import { askBoth, recordLines, startDns } from "../../testing/dns-fixture.ts";
import { createMemorySource } from "../../testing/memory-source.ts";

function cluster() {
  const source = createMemorySource();
  source.namespaces.apply(namespace("shop"));
  source.services.apply(service("shop/api", { clusterIP: "10.96.0.5" }));
  source.services.apply(service("shop/db", { clusterIP: "None" }));
  source.services.apply(service("shop/out", { type: "ExternalName", externalName: "x.test" }));
  const endpoints = [
    { addresses: ["10.1.0.1"], zone: "eu-1a", hostname: "db-0" },
    { addresses: ["10.1.0.2"], zone: "eu-1b" },
    { addresses: ["10.1.0.3"], zone: "corp.example.com" },
  ];
  source.slices.apply(slice("shop/db", { endpoints }));
  return source;
}

const corefile = (property: string) =>
  `.:0 {\n bind 127.0.0.1\n kubernetes cluster.local {\n ${property}\n }\n transfer {\n to *\n }\n}`;

describe("kubernetes zonal", () => {
  const ASKED = [
    ["eu-1a.pin", ["10.1.0.1"]],
    ["eu-1B.prefer", ["10.1.0.2"]],
    ["eu-9z.pin", []],
    ["eu-9z.prefer", ["10.1.0.1", "10.1.0.2", "10.1.0.3"]],
    ["corp.example.com.pin", ["10.1.0.3"]],
    ["eu-1a.other", undefined],
  ] as const;

  it.each(ASKED)("%s", async (part, expected) => {
    await using dns = await startDns({ corefile: corefile("zonal"), source: cluster() });
    const name = `${part}._zone.db.shop.svc.cluster.local.`;
    const reply = await askBoth(dns.port, name, "A");
    expect(recordLines(reply.answers)).toEqual((expected ?? []).map((ip) => `${name} 5 A ${ip}`));
    expect(rcodeName(reply.rcode)).toBe(expected === undefined ? "NXDOMAIN" : "NOERROR");
  });

  it("narrows SRV and its glue, and has no other types", async () => {
    await using dns = await startDns({ corefile: corefile("zonal"), source: cluster() });
    const name = "eu-1b.pin._zone.db.shop.svc.cluster.local.";
    const { answers, additionals } = await askBoth(dns.port, name, "SRV");
    const target = "10-1-0-2.db.shop.svc.cluster.local.";
    expect(recordLines(answers)).toEqual([`${name} 5 SRV 0 100 8080 ${target}`]);
    expect(recordLines(additionals)).toEqual([`${target} 5 A 10.1.0.2`]);
    for (const zone of ["eu-1b", "eu-9z"]) {
      const text = await askBoth(dns.port, name.replace("eu-1b", zone), "TXT");
      expect([rcodeName(text.rcode), text.answers]).toEqual(["NOERROR", []]);
    }
  });

  it("does not know Services that there are not", async () => {
    await using dns = await startDns({ corefile: corefile("zonal"), source: cluster() });
    const reply = await askBoth(dns.port, "eu-1a.pin._zone.ghost.shop.svc.cluster.local.", "A");
    expect(rcodeName(reply.rcode)).toBe("NXDOMAIN");
  });

  it("does not know such names without the property, nor for a ClusterIP", async () => {
    await using plain = await startDns({ corefile: corefile(""), source: cluster() });
    const db = await askBoth(plain.port, "eu-1a.pin._zone.db.shop.svc.cluster.local.", "A");
    await using zonal = await startDns({ corefile: corefile("zonal"), source: cluster() });
    const api = await askBoth(zonal.port, "eu-1a.pin._zone.api.shop.svc.cluster.local.", "A");
    expect([db, api].map(({ rcode }) => rcodeName(rcode))).toEqual(["NXDOMAIN", "NXDOMAIN"]);
  });
});

describe("a transfer of the cluster's zone", () => {
  it("has every Service, endpoint and named port", async () => {
    await using dns = await startDns({ corefile: corefile("ttl 7"), source: cluster() });
    const args = ["@127.0.0.1", "-p", String(dns.port), "+tcp", "+noall", "+answer"];
    const { stdout } = await promisify(execFile)("dig", [...args, "cluster.local", "AXFR"]);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/).join(" "));
    expect(lines.map((line) => line.replace(/ SOA .*/, " SOA"))).toEqual([
      "cluster.local. 7 IN SOA",
      "api.shop.svc.cluster.local. 7 IN A 10.96.0.5",
      "_http._tcp.api.shop.svc.cluster.local. 7 IN SRV 0 100 80 api.shop.svc.cluster.local.",
      "db.shop.svc.cluster.local. 7 IN A 10.1.0.1",
      "db.shop.svc.cluster.local. 7 IN A 10.1.0.2",
      "db.shop.svc.cluster.local. 7 IN A 10.1.0.3",
      "db-0.db.shop.svc.cluster.local. 7 IN A 10.1.0.1",
      "10-1-0-2.db.shop.svc.cluster.local. 7 IN A 10.1.0.2",
      "10-1-0-3.db.shop.svc.cluster.local. 7 IN A 10.1.0.3",
      "_http._tcp.db.shop.svc.cluster.local. 7 IN SRV 0 33 8080 db-0.db.shop.svc.cluster.local.",
      "_http._tcp.db.shop.svc.cluster.local. 7 IN SRV 0 33 8080 10-1-0-2.db.shop.svc.cluster.local.",
      "_http._tcp.db.shop.svc.cluster.local. 7 IN SRV 0 33 8080 10-1-0-3.db.shop.svc.cluster.local.",
      "out.shop.svc.cluster.local. 7 IN CNAME x.test.",
      "cluster.local. 7 IN SOA",
    ]);
  });
});
