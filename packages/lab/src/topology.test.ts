import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTopology, type TopologyOptions } from "./topology.ts";

const DEFAULTS: TopologyOptions = {
  nodes: 3,
  serviceCidr: "10.96.0.0/16",
  clusterCidr: "10.244.0.0/16",
};

/** The same with IPv6 beside. */
const DUAL: TopologyOptions = {
  nodes: 3,
  serviceCidr: "10.96.0.0/16,fd00:10:96::/112",
  clusterCidr: "10.244.0.0/16,fd00:10:244::/56",
};

describe("createTopology", () => {
  it("gives the addresses of the documentation", () => {
    const topology = createTopology(DEFAULTS);
    expect(topology).toMatchObject({ kubernetesServiceIp: "10.96.0.1", clusterDns: "10.96.0.10" });
    expect(topology.nodes[1]).toEqual({
      name: "node-2",
      number: 2,
      networks: [{ ip: "172.31.0.12", podCidr: "10.244.2.0/24", podGateway: "10.244.2.1" }],
    });
  });

  it("gives addresses of both families, IPv4 the primary one", () => {
    const topology = createTopology(DUAL);
    expect(topology).toMatchObject({
      kubernetesServiceIp: "10.96.0.1",
      clusterDns: "10.96.0.10",
      loadBalancerPools: ["172.31.1.0/24", "fd00:172:31:1::/112"],
      networks: [
        { family: "IPv4", controlPlaneIp: "172.31.0.1", serviceCidr: "10.96.0.0/16" },
        { family: "IPv6", controlPlaneIp: "fd00:172:31::1", serviceCidr: "fd00:10:96::/112" },
      ],
    });
    expect(topology.nodes[1]?.networks).toEqual([
      { ip: "172.31.0.12", podCidr: "10.244.2.0/24", podGateway: "10.244.2.1" },
      { ip: "fd00:172:31::c", podCidr: "fd00:10:244:2::/64", podGateway: "fd00:10:244:2::1" },
    ]);
  });

  it("gives every node its own pod CIDR inside the cluster CIDR", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 0, max: 15 }),
        (nodes, net) => {
          const clusterCidr = `10.${net * 16}.0.0/20`;
          const topology = createTopology({ nodes, serviceCidr: "192.168.0.0/24", clusterCidr });
          const cidrs = topology.nodes.map((node) => node.networks[0].podCidr);
          expect(new Set(cidrs).size).toBe(nodes);
          for (const cidr of cidrs)
            expect(cidr).toMatch(new RegExp(`^10\\.${net * 16}\\.\\d+\\.0/24$`));
        },
      ),
    );
  });

  it.each<[Partial<TopologyOptions>, string]>([
    [{ serviceCidr: "10.96.0.0" }, '"10.96.0.0" is not an IPv4 CIDR'],
    [{ serviceCidr: "fd00::/108" }, '"fd00::/108" is not an IPv4 CIDR'],
    [{ serviceCidr: "10.96.0.0/33" }, "is not an IPv4 CIDR"],
    [{ serviceCidr: "10.96.0.1/16" }, "use 10.96.0.0/16"],
    [{ serviceCidr: "10.96.0.0/29" }, "is too small"],
    [{ clusterCidr: "10.96.128.0/17" }, "overlaps the cluster CIDR"],
    [{ serviceCidr: "172.16.0.0/12" }, "overlaps the lab's own network"],
    [{ loadBalancerPool: "10.96.1.0/24" }, "overlaps the load balancers' pool"],
    [{ loadBalancerPool: "10.97.1.0" }, "is not an IPv4 CIDR"],
    [{ clusterCidr: "127.0.0.0/16" }, "overlaps the loopback network"],
    [{ nodes: 0 }, "0 nodes are not possible"],
    [{ nodes: 2, clusterCidr: "10.244.0.0/23" }, "has room for 1 to 1"],
    [{ nodes: 1.5 }, "1.5 nodes are not possible"],
  ])("refuses %j", (change, message) => {
    expect(() => createTopology({ ...DEFAULTS, ...change })).toThrow(message);
  });

  it.each<[Partial<TopologyOptions>, string]>([
    [{ serviceCidr: "fd00:10:96::/112,10.96.0.0/16" }, "is not an IPv4 CIDR"],
    [{ serviceCidr: "10.96.0.0/16,10.97.0.0/16" }, '"10.97.0.0/16" is not an IPv6 CIDR'],
    [{ serviceCidr: "10.96.0.0/16,fd00::/129" }, "is not an IPv6 CIDR"],
    [{ serviceCidr: "10.96.0.0/16,fd00::1/112" }, "use fd00::/112"],
    [{ serviceCidr: "10.96.0.0/16,fd00::/125" }, "is too small: use /124"],
    [{ serviceCidr: "10.96.0.0/16,fe80::%eth0/64" }, "is not an IPv6 CIDR"],
    [{ serviceCidr: "10.96.0.0/16,fe80::/112" }, "overlaps the link-local network"],
    [{ serviceCidr: "10.96.0.0/16,fd00:10:244::/112" }, "overlaps the cluster CIDR"],
    [{ clusterCidr: "10.244.0.0/16" }, "has an IPv6 CIDR for Services and one for pods"],
    [{ clusterCidr: "10.244.0.0/16,fd00:1::/56,fd00:2::/56" }, "too many CIDRs"],
    [{ clusterCidr: "10.244.0.0/16,fd00:10:244::/63", nodes: 2 }, "has room for 1 to 1"],
  ])("with IPv6 refuses %j", (change, message) => {
    expect(() => createTopology({ ...DUAL, ...change })).toThrow(message);
  });

  it("does without load balancers of IPv6 when the pool is IPv4 alone", () => {
    const pool = "172.31.9.0/24";
    expect(createTopology({ ...DUAL, loadBalancerPool: pool }).loadBalancerPools).toEqual([pool]);
    expect(() => createTopology({ ...DEFAULTS, loadBalancerPool: `${pool},fd00:9::/112` })).toThrow(
      "has an IPv6 CIDR for Services",
    );
  });
});
