import { ADDRESS_BITS, type IPFamily } from "@kubehop/kit/addresses";
import type { NodeAddresses, NodeNetwork, Topology } from "../topology.ts";

/** Where `ip netns add` keeps the handle of a network namespace. */
export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/**
 * The `ip -batch` commands that make the fabric: its bridge, a namespace and a veth a node, and
 * the routes to the pods. Nothing leaves the sandbox, so everything else is unreachable at once
 * instead of timing out.
 */
export function fabricBatch({ networks, nodes }: Topology): string[] {
  return [
    "link set lo up",
    "link add fab0 type bridge",
    ...networks.map(({ family, controlPlaneIp, fabricBits }) => {
      return address({ family, ip: controlPlaneIp, bits: fabricBits, device: "fab0" });
    }),
    "link set fab0 up",
    ...networks.map(({ family }) => `route add unreachable ${EVERYWHERE[family]} metric 4000`),
    ...nodes.flatMap((node) => [
      `netns add ${node.name}`,
      `link add fn${node.number} type veth peer name eth0 netns ${node.name}`,
      `link set fn${node.number} master fab0 up`,
      ...routesToPods(node),
    ]),
  ];
}

/**
 * The `ip -batch` commands of one node, run inside its namespace. The service CIDR is local
 * (AnyIP): kube-proxy can listen on any ClusterIP. A pod address without a pod is unreachable.
 */
export function nodeBatch(node: NodeAddresses, { networks, nodes }: Topology): string[] {
  const families = networks.map((network, index) => {
    return [network, node.networks[index] as NodeNetwork] as const;
  });
  return [
    "link set lo up",
    ...families.map(([{ family, fabricBits }, { ip }]) => {
      return address({ family, ip, bits: fabricBits, device: "eth0" });
    }),
    "link set eth0 up",
    ...families.flatMap(([{ family, controlPlaneIp, serviceCidr }, { podGateway, podCidr }]) => [
      `route add ${EVERYWHERE[family]} via ${controlPlaneIp}`,
      address({ family, ip: podGateway, bits: ADDRESS_BITS[family], device: "lo" }),
      `route add unreachable ${podCidr} metric 4000`,
      `route add local ${serviceCidr} dev lo`,
    ]),
    ...nodes.filter((other) => other !== node).flatMap(routesToPods),
  ];
}

const EVERYWHERE: Readonly<Record<IPFamily, string>> = { IPv4: "default", IPv6: "::/0" };

interface InterfaceAddress {
  readonly family: IPFamily;
  readonly ip: string;
  /** The length of the prefix. */
  readonly bits: number;
  readonly device: string;
}

/** IPv6 without duplicate address detection: for its second nothing can be bound. */
function address({ family, ip, bits, device }: InterfaceAddress): string {
  return `addr add ${ip}/${bits} dev ${device}${family === "IPv6" ? " nodad" : ""}`;
}

function routesToPods({ networks }: NodeAddresses): string[] {
  return networks.map(({ podCidr, ip }) => `route add ${podCidr} via ${ip}`);
}

/** A kernel setting below /proc/sys and its value. */
export type Sysctl = readonly [path: string, value: string];

/** What the fabric and the nodes share: they forward packets. */
const ROUTER: Readonly<Record<IPFamily, readonly Sysctl[]>> = {
  IPv4: [
    ["net/ipv4/ip_forward", "1"],
    // Otherwise "unreachable" is told once a second and senders in between wait for their time-out.
    ["net/ipv4/icmp_ratelimit", "0"],
  ],
  IPv6: [
    ["net/ipv6/conf/all/forwarding", "1"],
    ["net/ipv6/icmp/ratelimit", "0"],
  ],
};

/** Each connection to a load balancer's address may take another node, not each client. */
const FABRIC: Readonly<Record<IPFamily, readonly Sysctl[]>> = {
  IPv4: [["net/ipv4/fib_multipath_hash_policy", "1"]],
  IPv6: [["net/ipv6/fib_multipath_hash_policy", "1"]],
};

const NODE: Readonly<Record<IPFamily, readonly Sysctl[]>> = {
  IPv4: [
    ["net/ipv4/conf/all/rp_filter", "0"],
    ["net/ipv4/conf/all/send_redirects", "0"],
    // A forwarder opens many short connections from one address.
    ["net/ipv4/tcp_tw_reuse", "1"],
  ],
  // A local route alone does not let a process bind an address of IPv6.
  IPv6: [["net/ipv6/ip_nonlocal_bind", "1"]],
};

/** Kernel settings of the fabric. */
export function fabricSysctls({ networks }: Topology): readonly Sysctl[] {
  return networks.flatMap(({ family }) => [...ROUTER[family], ...FABRIC[family]]);
}

/** Kernel settings of a node. A new namespace copies the host's values, so none is left to chance. */
export function nodeSysctls({ networks }: Topology, nodePorts: string): readonly Sysctl[] {
  return [
    ...networks.flatMap(({ family }) => [...ROUTER[family], ...NODE[family]]),
    // A connection's own port must never take a NodePort that is not listened on yet.
    ["net/ipv4/ip_local_reserved_ports", nodePorts],
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
