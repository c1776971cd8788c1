import type { Node, Service } from "@kubehop/api";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, it } from "vitest";
import { formatRules, type ProxiedCluster } from "./rules.ts";

const nodes = ["node-1", "node-2"].map((name, index) => ({
  metadata: { name },
  status: { addresses: [{ type: "InternalIP", address: `172.31.0.1${index + 1}` }] },
})) as Node[];
const services: Service[] = [
  serviceFixture({ spec: { internalTrafficPolicy: "Local" } }),
  serviceFixture({ name: "my-db", spec: { clusterIP: "None", clusterIPs: ["None"] } }),
  serviceFixture({ namespace: "other-ns", spec: { clusterIP: "10.96.0.60" } }),
];
const cluster: ProxiedCluster = {
  nodes,
  services: services.map((service) => ({
    ...service,
    spec: {
      ...service.spec,
      clusterIPs: [service.spec.clusterIP ?? ""],
      ipFamilies: ["IPv4" as const],
    },
  })),
  slices: [
    sliceFixture({
      endpoints: [
        { addresses: ["10.244.1.5"], nodeName: "node-1" },
        { addresses: ["10.244.2.7"], nodeName: "node-2" },
      ],
    }),
  ],
  resourceVersion: "42",
  clusterCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
};

describe("kubehop rules", () => {
  it("says what the rules are before it prints those of the first node", () => {
    const text = formatRules(cluster, { mode: "iptables" });
    expect(text).toMatch(/^# What kube-proxy --proxy-mode=iptables would install on node-1 /);
    expect(text).toContain("A proxy in mode userspace installs none of it");
    expect(text).toContain("resourceVersion 42");
    expect(text).toContain("--to-destination 10.244.1.5:8080");
    expect(text).toContain('"other-ns/my-api:http has no endpoints"');
    expect(text).toMatch(/COMMIT\n$/);
  });

  it("prints those of another node, mode and Service when asked", () => {
    const request = { mode: "nftables", node: "node-2", service: "default/my-api" } as const;
    const text = formatRules(cluster, request);
    expect(text).toContain("on node-2 for default/my-api");
    expect(text).toContain("{ 0 : 10.244.2.7 . 8080 }");
    expect(text).not.toContain("10.244.1.5");
    expect(text).not.toContain("other-ns");
    expect(formatRules(cluster, { mode: "ipvs" })).toContain("\n-A -t 10.96.0.60:80 -s rr\n");
  });

  it.each([
    [{ node: "node-9" }, 'There is no node "node-9".\nNodes: node-1, node-2'],
    [
      { service: "default/nothing" },
      'There is no Service "default/nothing".\n' +
        "Services with rules: default/my-api, other-ns/my-api",
    ],
    [{ service: "default/my-db" }, "no cluster IP of this proxy, so no mode has rules for it."],
  ])("%j is an error that lists what there is", (request, message) => {
    expect(() => formatRules(cluster, { mode: "iptables", ...request })).toThrow(message);
  });

  it("prints the family that a Service has first, and the other when asked", () => {
    const addresses = ["172.31.0.11", "fd00:172:31::b"].map((address) => {
      return { type: "InternalIP" as const, address };
    });
    const [first] = cluster.nodes as [Node];
    const service = (name: string, clusterIPs: string[], ipFamilies: ("IPv4" | "IPv6")[]) =>
      serviceFixture({ name, spec: { clusterIP: clusterIPs[0] ?? "", clusterIPs, ipFamilies } });
    const dual: ProxiedCluster = {
      ...cluster,
      nodes: [{ ...first, status: { ...first.status, addresses } }],
      services: [
        service("six", ["fd00:10:96::6"], ["IPv6"]),
        service("both", ["10.96.0.9", "fd00:10:96::9"], ["IPv4", "IPv6"]),
      ],
      serviceCidr: "10.96.0.0/16,fd00:10:96::/112",
      clusterCidr: "10.244.0.0/16,fd00:10:244::/56",
    };
    const six = formatRules(dual, { mode: "nftables", service: "default/six" });
    expect(six).toContain("fd00:10:96::6");
    const both = formatRules(dual, { mode: "nftables", service: "default/both" });
    expect(both).toContain("10.96.0.9");
    expect(both).toContain("# Of IPv4 alone; --family IPv6 prints the other family.");
    expect(both).not.toContain("fd00:10:96::9");
    const all = formatRules(dual, { mode: "iptables", family: "IPv6" });
    expect(all).toContain("fd00:10:96::9");
    expect(all).not.toContain("10.96.0.9");
    expect(() =>
      formatRules(dual, { mode: "ipvs", service: "default/six", family: "IPv4" }),
    ).toThrow('Service "default/six" has no IPv4 addresses.\nFamilies: IPv6');
  });

  it("a lab without nodes is an error too", () => {
    expect(() => formatRules({ ...cluster, nodes: [] }, { mode: "ipvs" })).toThrow(
      "The lab has no nodes.",
    );
  });
});
