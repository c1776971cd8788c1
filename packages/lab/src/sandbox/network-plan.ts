import { CONTROL_PLANE_IP, type NodeAddresses, type Topology } from "../topology.ts";

/** Where `ip netns add` keeps the handle of a network namespace. */
export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/**
 * The `ip -batch` commands that make the fabric: its bridge, a namespace and a veth a node, and
 * the routes to the pods. Nothing leaves the sandbox, so everything else is unreachable at once
 * instead of timing out.
 */
export function fabricBatch(topology: Topology): string[] {
  return [
    "link set lo up",
    "link add fab0 type bridge",
    `addr add ${CONTROL_PLANE_IP}/24 dev fab0`,
    "link set fab0 up",
    "route add unreachable default metric 4000",
    ...topology.nodes.flatMap((node) => [
      `netns add ${node.name}`,
      `link add fn${node.number} type veth peer name eth0 netns ${node.name}`,
      `link set fn${node.number} master fab0 up`,
      `route add ${node.podCidr} via ${node.ip}`,
    ]),
  ];
}

/**
 * The `ip -batch` commands of one node, run inside its namespace. The service CIDR is local
 * (AnyIP): kube-proxy can listen on any ClusterIP. A pod address without a pod is unreachable.
 */
export function nodeBatch(node: NodeAddresses, topology: Topology): string[] {
  const others = topology.nodes.filter((other) => other !== node);
  return [
    "link set lo up",
    `addr add ${node.ip}/24 dev eth0`,
    "link set eth0 up",
    `route add default via ${CONTROL_PLANE_IP}`,
    `addr add ${node.podGateway}/32 dev lo`,
    `route add unreachable ${node.podCidr} metric 4000`,
    `route add local ${topology.serviceCidr} dev lo`,
    ...others.map((other) => `route add ${other.podCidr} via ${other.ip}`),
  ];
}

/** A kernel setting below /proc/sys and its value. */
export type Sysctl = readonly [path: string, value: string];

/** Otherwise "unreachable" is told once a second and senders in between wait for their time-out. */
const TELL_EVERY_SENDER: Sysctl = ["net/ipv4/icmp_ratelimit", "0"];

/** Kernel settings of the fabric. */
export const FABRIC_SYSCTLS: readonly Sysctl[] = [
  ["net/ipv4/ip_forward", "1"],
  // Each connection to a load balancer's address may take another node, not each client.
  ["net/ipv4/fib_multipath_hash_policy", "1"],
  TELL_EVERY_SENDER,
];

/** Kernel settings of a node. A new namespace copies the host's values, so none is left to chance. */
export function nodeSysctls(nodePorts: string): readonly Sysctl[] {
  return [
    ["net/ipv4/ip_forward", "1"],
    ["net/ipv4/conf/all/rp_filter", "0"],
    ["net/ipv4/conf/all/send_redirects", "0"],
    // A forwarder opens many short connections from one address.
    ["net/ipv4/tcp_tw_reuse", "1"],
    // A connection's own port must never take a NodePort that is not listened on yet.
    ["net/ipv4/ip_local_reserved_ports", nodePorts],
    TELL_EVERY_SENDER,
  ];
}

/**
 * The shell command that reads an `ip -batch` from standard input and then writes settings.
 * It fails when the batch fails; a setting that cannot be written is named on standard error.
 */
export function nodeCommand(sysctls: readonly Sysctl[]): string {
  const writes = sysctls.map(
    ([path, value]) => `echo ${value} >/proc/sys/${path} || echo "${path} not writable" >&2`,
  );
  return ["ip -batch - || exit 1", ...writes].join("\n");
}
