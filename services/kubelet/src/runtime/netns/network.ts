import { isIPv6 } from "node:net";

/** What the commands of one pod's network are made from. */
export interface PodNetwork {
  /** Name of the pod's network namespace under /run/netns. */
  readonly netns: string;
  /** Name of the node's end of the veth pair, at most 15 characters. */
  readonly veth: string;
  /** The pod's addresses. */
  readonly ips: readonly string[];
  /** The node's address in the pod CIDR of IPv4. */
  readonly gateway: string;
}

/** The node's end of an IPv6 veth: an address on lo does not answer neighbour discovery. */
const IPV6_GATEWAY = "fe80::1";

/**
 * `ip -batch` commands for the node's side of a pod: namespace, veth pair, one host route an
 * address. Point to point and without a bridge, so that a pod reaches itself through its own
 * Service and a dead address answers at once with "unreachable".
 */
export function nodeCommands(network: PodNetwork): string {
  const { netns, veth } = network;
  const lines = [
    `netns add ${netns}`,
    `link add ${veth} type veth peer name eth0 netns ${netns}`,
    `link set ${veth} up`,
  ];
  if (network.ips.some(isIPv6)) lines.push(`addr add ${IPV6_GATEWAY}/64 dev ${veth} nodad`);
  for (const ip of network.ips) lines.push(`route replace ${ip}/${hostBits(ip)} dev ${veth}`);
  return `${lines.join("\n")}\n`;
}

/** `ip -batch` commands for the pod's side: loopback, addresses, the way out through the node. */
export function podCommands(network: PodNetwork): string {
  const lines = ["link set lo up"];
  for (const ip of network.ips) {
    lines.push(`addr add ${ip}/${hostBits(ip)} dev eth0${isIPv6(ip) ? " nodad" : ""}`);
  }
  lines.push("link set eth0 up");
  for (const ip of network.ips) {
    if (isIPv6(ip)) lines.push(`route add default via ${IPV6_GATEWAY} dev eth0`);
    else lines.push(`route add ${network.gateway} dev eth0`, routeOut(network.gateway));
  }
  return `${lines.join("\n")}\n`;
}

function routeOut(gateway: string): string {
  return `route add default via ${gateway}`;
}

function hostBits(ip: string): number {
  return isIPv6(ip) ? 128 : 32;
}
