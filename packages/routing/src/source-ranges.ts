import { BlockList, isIP } from "node:net";
import type { IpFamily } from "./service-endpoint.ts";
import type { Frontend, ProxyNode, ServicePort } from "./service-table.ts";

/**
 * The ranges of loadBalancerSourceRanges that keep clients of a family out. None do when one of
 * them holds every address (upstream).
 */
export function limitingRanges(ranges: readonly string[], family: IpFamily): readonly string[] {
  const own = ranges.filter((range) => range.includes(":") === (family === "IPv6"));
  return own.some((range) => range.endsWith("/0")) ? [] : own;
}

/** Whether an address is in a range. Nothing is in one that cannot be read. */
export function isInRange(ip: string, range: string): boolean {
  return listOf([range]).check(ip, wordOf(ip));
}

/**
 * Whether a client may use a load balancer's address. A node that is in the ranges may: it sends
 * from that very address, which is its own (upstream: allowFromNode).
 */
export function allowsSource({ service, ip }: Frontend, client: string, node: ProxyNode): boolean {
  if (service.sourceRanges.length === 0) return true;
  const family = ip.includes(":") ? "IPv6" : "IPv4";
  const ranges = limitingRanges(service.sourceRanges, family);
  if (ranges.length === 0) return true;
  const list = cachedList(service, ranges);
  const own = node.addresses.find((address) => address.includes(":") === (family === "IPv6"));
  if (client === ip && own !== undefined) return list.check(own, wordOf(own));
  return list.check(client, wordOf(client));
}

const lists = new WeakMap<ServicePort, BlockList>();

function cachedList(service: ServicePort, ranges: readonly string[]): BlockList {
  const list = lists.get(service) ?? listOf(ranges);
  lists.set(service, list);
  return list;
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = "", prefix = ""] = range.split("/");
    const bits = isIP(net) === 6 ? 128 : 32;
    const valid = isIP(net) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
    if (valid) list.addSubnet(net, Number(prefix), wordOf(net));
  }
  return list;
}

function wordOf(ip: string): "ipv4" | "ipv6" {
  return ip.includes(":") ? "ipv6" : "ipv4";
}
