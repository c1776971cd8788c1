import { rcodeName } from "@kubehop/dns-wire";
import { describe, expect, it } from "vitest";
import { namespace, pod, service } from "../testing/cluster-objects.ts";
import { askBoth, recordLines, startDns } from "../testing/dns-fixture.ts";
import { createMemorySource } from "../testing/memory-source.ts";

const COREFILE = `.:0 {
  bind 127.0.0.1
  errors
  log . "{name} {/kubernetes/client-namespace}/{/kubernetes/client-pod-name} {/kubernetes/service}"
  metadata
  autopath @kubernetes
  kubernetes cluster.local {
    pods verified
  }
  hosts /dev/null {
    192.0.2.1 www.example.com
    fallthrough
  }
  erratic {
    drop 0
  }
}`;

function cluster() {
  const source = createMemorySource();
  source.namespaces.apply(namespace("shop"), namespace("other"));
  source.services.apply(service("shop/api", { clusterIP: "10.96.0.5" }));
  source.services.apply(service("other/db", { clusterIP: "10.96.0.6" }));
  source.pods.apply(pod("shop/client", "127.0.0.1"));
  return source;
}

describe("autopath", () => {
  it("walks the search path of the pod that asks", async () => {
    await using dns = await startDns({ corefile: COREFILE, source: cluster() });
    const lines = async (name: string) => recordLines((await askBoth(dns.port, name, "A")).answers);
    const first = "shop.svc.cluster.local.";
    expect(await lines(`api.${first}`)).toEqual([`api.${first} 5 A 10.96.0.5`]);
    expect(await lines(`db.other.${first}`)).toEqual([
      `db.other.${first} 5 CNAME db.other.svc.cluster.local.`,
      "db.other.svc.cluster.local. 5 A 10.96.0.6",
    ]);
    expect(await lines(`www.example.com.${first}`)).toEqual([
      "www.example.com. 3600 A 192.0.2.1",
      `www.example.com.${first} 3600 CNAME www.example.com.`,
    ]);
    expect(await dns.metric("coredns_autopath_success_total")).toContain(" 6");
    expect(dns.log.join("")).toContain(`api.${first} shop/client api`);
  });

  it("leaves clients that are no pods alone", async () => {
    const source = cluster();
    source.pods.remove("shop/client");
    await using dns = await startDns({ corefile: COREFILE, source });
    const reply = await askBoth(dns.port, "www.example.com.shop.svc.cluster.local.", "A");
    expect(rcodeName(reply.rcode)).toBe("NXDOMAIN");
    expect(dns.log.join("")).toContain("-/- ");
  });

  it("takes the search path of a resolv.conf", async () => {
    const corefile = `.:0 {
      bind 127.0.0.1
      autopath resolv.conf
      template IN A corp.test { rcode NXDOMAIN }
      hosts /dev/null { 192.0.2.1 www.lab.test }
    }`;
    const files = { "resolv.conf": "search corp.test lab.test\nnameserver 192.0.2.9\n" };
    await using dns = await startDns({ corefile, files });
    expect(recordLines((await askBoth(dns.port, "www.corp.test.", "A")).answers)).toEqual([
      "www.corp.test. 3600 CNAME www.lab.test.",
      "www.lab.test. 3600 A 192.0.2.1",
    ]);
  });
});
