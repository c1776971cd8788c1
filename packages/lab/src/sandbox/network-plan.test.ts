import { describe, expect, it } from "vitest";
import { createTopology } from "../topology.ts";
import { fabricBatch, nodeBatch, nodeCommand, nodeSysctls } from "./network-plan.ts";

const topology = createTopology({
  nodes: 2,
  serviceCidr: "10.96.0.0/16",
  clusterCidr: "10.244.0.0/16",
});
const dual = createTopology({
  nodes: 2,
  serviceCidr: "10.96.0.0/16,fd00:10:96::/112",
  clusterCidr: "10.244.0.0/16,fd00:10:244::/56",
});

describe("fabricBatch", () => {
  it("makes the bridge, then a namespace, a veth and a route a node", () => {
    expect(fabricBatch(topology)).toEqual([
      "link set lo up",
      "link add fab0 type bridge",
      "addr add 172.31.0.1/24 dev fab0",
      "link set fab0 up",
      "route add unreachable default metric 4000",
      "netns add node-1",
      "link add fn1 type veth peer name eth0 netns node-1",
      "link set fn1 master fab0 up",
      "route add 10.244.1.0/24 via 172.31.0.11",
      "netns add node-2",
      "link add fn2 type veth peer name eth0 netns node-2",
      "link set fn2 master fab0 up",
      "route add 10.244.2.0/24 via 172.31.0.12",
    ]);
  });
});

describe("nodeBatch", () => {
  it("makes the service CIDR local and the other nodes' pods reachable", () => {
    const [node] = topology.nodes;
    expect(node && nodeBatch(node, topology)).toEqual([
      "link set lo up",
      "addr add 172.31.0.11/24 dev eth0",
      "link set eth0 up",
      "route add default via 172.31.0.1",
      "addr add 10.244.1.1/32 dev lo",
      "route add unreachable 10.244.1.0/24 metric 4000",
      "route add local 10.96.0.0/16 dev lo",
      "route add 10.244.2.0/24 via 172.31.0.12",
    ]);
  });
});

describe("with IPv6", () => {
  it("the fabric has both families", () => {
    expect(fabricBatch(dual).filter((line) => line.includes(":"))).toEqual([
      "addr add fd00:172:31::1/64 dev fab0 nodad",
      "route add unreachable ::/0 metric 4000",
      "route add fd00:10:244:1::/64 via fd00:172:31::b",
      "route add fd00:10:244:2::/64 via fd00:172:31::c",
    ]);
  });

  it("a node has both families, and may bind what is only routed to it", () => {
    const [node] = dual.nodes;
    const lines = node && nodeBatch(node, dual).filter((line) => line.includes(":"));
    expect(lines).toEqual([
      "addr add fd00:172:31::b/64 dev eth0 nodad",
      "route add ::/0 via fd00:172:31::1",
      "addr add fd00:10:244:1::1/128 dev lo nodad",
      "route add unreachable fd00:10:244:1::/64 metric 4000",
      "route add local fd00:10:96::/112 dev lo",
      "route add fd00:10:244:2::/64 via fd00:172:31::c",
    ]);
    const settings = nodeSysctls(dual, "30000-32767");
    expect(settings).toContainEqual(["net/ipv6/ip_nonlocal_bind", "1"]);
    expect(settings).toContainEqual(["net/ipv6/conf/all/forwarding", "1"]);
  });
});

describe("nodeCommand", () => {
  it("fails with the batch, and names settings that cannot be written", () => {
    const [first, ...writes] = nodeCommand(nodeSysctls(topology, "30000-32767")).split("\n");
    expect(first).toBe("ip -batch - || exit 1");
    expect(writes).toContain(
      'echo 30000-32767 >/proc/sys/net/ipv4/ip_local_reserved_ports || echo "net/ipv4/ip_local_reserved_ports not writable" >&2',
    );
    expect(writes).toHaveLength(6);
  });
});
