import type { PodSpec } from "@kubehop/api";

/** What a resolv.conf says. */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** What the node knows about DNS. */
export interface ClusterDns {
  /** Addresses of the cluster's DNS Service. */
  readonly nameservers: readonly string[];
  /** e.g. "cluster.local". */
  readonly domain: string;
  /** The node's own resolv.conf. */
  readonly node: ResolvConf;
}

/** Limits of a pod's resolv.conf (pkg/apis/core/validation: MaxDNS…). */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

/**
 * A pod's resolv.conf by its dnsPolicy and dnsConfig (pkg/kubelet/network/dns). With ClusterFirst
 * a pod of the node's network gets the node's, as upstream.
 */
export function podResolvConf(spec: PodSpec, namespace: string, dns: ClusterDns): ResolvConf {
  const base = policyConf(spec, namespace, dns);
  const extra = spec.dnsConfig ?? {};
  const nameservers = unique([...base.nameservers, ...(extra.nameservers ?? [])]);
  return {
    nameservers: nameservers.slice(0, MAX_NAMESERVERS),
    searches: limitSearches(unique([...base.searches, ...(extra.searches ?? [])])),
    options: mergeOptions(base.options, extra.options ?? []),
  };
}

/** The file itself: nameserver lines, one search line, one options line. */
export function formatResolvConf(conf: ResolvConf): string {
  const lines = conf.nameservers.map((address) => `nameserver ${address}`);
  if (conf.searches.length > 0) lines.push(`search ${conf.searches.join(" ")}`);
  if (conf.options.length > 0) lines.push(`options ${conf.options.join(" ")}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Reads a resolv.conf (resolv.conf(5)); what it does not know is left out. */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/),
  );
  const all = (keyword: string): string[] =>
    lines.filter(([first]) => first === keyword).flatMap((words) => words.slice(1));
  const searches = lines.findLast(([first]) => first === "search" || first === "domain");
  return {
    nameservers: all("nameserver"),
    searches: searches?.slice(1) ?? [],
    options: all("options"),
  };
}

function policyConf(spec: PodSpec, namespace: string, dns: ClusterDns): ResolvConf {
  const policy = spec.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") return { nameservers: [], searches: [], options: [] };
  const usesNode = policy === "Default" || (policy === "ClusterFirst" && spec.hostNetwork === true);
  if (usesNode || dns.nameservers.length === 0) return dns.node;
  const { domain } = dns;
  const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  const searches = unique([...own, ...dns.node.searches]);
  return { nameservers: dns.nameservers, searches, options: ["ndots:5"] };
}

function limitSearches(searches: readonly string[]): string[] {
  const kept: string[] = [];
  let length = -1;
  for (const search of searches.slice(0, MAX_SEARCHES)) {
    length += search.length + 1;
    if (length > MAX_SEARCH_CHARACTERS) break;
    kept.push(search);
  }
  return kept;
}

function mergeOptions(
  base: readonly string[],
  extra: readonly { name?: string; value?: string }[],
): string[] {
  const merged = new Map(base.map((option) => [option.split(":")[0] ?? "", option]));
  for (const { name, value } of extra) {
    if (name) merged.set(name, value ? `${name}:${value}` : name);
  }
  return [...merged.values()];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
