import type { RulesContext } from "../rules-options.ts";
import { wordsOf } from "./family-words.ts";

/** The mark of packets that need their source translated: bit 14, kube-proxy's default. */
export const MARK_RULE = "mark set mark or 0x4000";

/** The chain that refuses. */
export const REJECT_CHAIN = "reject-chain";

/** Sets and maps: name → [set or map, type, what it is for]. `ADDR` is the family's address. */
const TABLES = {
  "cluster-ips": ["set", "ADDR", "Active ClusterIPs"],
  "nodeport-ips": ["set", "ADDR", "IPs that accept NodePort traffic"],
  "hairpin-connections": [
    "set",
    "ADDR . ADDR . inet_proto . inet_service",
    "service hairpin connections",
  ],
  "no-endpoint-services": [
    "map",
    "ADDR . inet_proto . inet_service : verdict",
    "vmap to drop or reject packets to services with no endpoints",
  ],
  "no-endpoint-nodeports": [
    "map",
    "inet_proto . inet_service : verdict",
    "vmap to drop or reject packets to service nodeports with no endpoints",
  ],
  "firewall-ips": [
    "map",
    "ADDR . inet_proto . inet_service : verdict",
    "destinations that are subject to LoadBalancerSourceRanges",
  ],
  "service-ips": [
    "map",
    "ADDR . inet_proto . inet_service : verdict",
    "ClusterIP, ExternalIP and LoadBalancer IP traffic",
  ],
  "service-nodeports": ["map", "inet_proto . inet_service : verdict", "NodePort traffic"],
} as const;

/** A set or map that all Services share. */
export type SharedSet = keyof typeof TABLES;

const SHARED_SETS = Object.keys(TABLES) as SharedSet[];

/** What a field of a set's key can be. */
export type KeyField = "ADDR" | "inet_proto" | "inet_service";

/** The fields of the key of a shared set or map. */
export function keyFieldsOf(name: SharedSet): KeyField[] {
  const [keyType = ""] = TABLES[name][1].split(" : ");
  return keyType.split(" . ") as KeyField[];
}

/** Base chains: name, type, hook, priority. Firewalling comes 10 before DNAT, refusals after it. */
const BASE_CHAINS = [
  ["filter-prerouting-pre-dnat", "filter", "prerouting", -110],
  ["filter-output-pre-dnat", "filter", "output", -110],
  ["filter-input", "filter", "input", 0],
  ["filter-forward", "filter", "forward", 0],
  ["filter-output", "filter", "output", 0],
  ["nat-prerouting", "nat", "prerouting", -100],
  ["nat-output", "nat", "output", -100],
  ["nat-postrouting", "nat", "postrouting", 100],
] as const;

const CHAINS = [
  "nodeport-endpoints-check",
  "service-endpoints-check",
  "firewall-check",
  "services",
  "masquerading",
  "cluster-ips-check",
];

/** [base chain, match, chain]; rejecting is possible only in input, forward and output. */
const JUMPS = [
  ["filter-input", "ct state new", "nodeport-endpoints-check"],
  ["filter-input", "ct state new", "service-endpoints-check"],
  ["filter-forward", "ct state new", "service-endpoints-check"],
  ["filter-output", "ct state new", "service-endpoints-check"],
  ["filter-prerouting-pre-dnat", "ct state new", "firewall-check"],
  ["filter-output-pre-dnat", "ct state new", "firewall-check"],
  ["nat-output", "", "services"],
  ["nat-prerouting", "", "services"],
  ["nat-postrouting", "", "masquerading"],
  ["filter-forward", "ct state new", "cluster-ips-check"],
  ["filter-output", "ct state new", "cluster-ips-check"],
] as const;

/** The table and those of its sets and maps that `wanted` names. */
export function declareTables(
  { family }: RulesContext,
  wanted: (name: SharedSet) => boolean,
): string[] {
  const { ip, address } = wordsOf(family);
  const declare = (name: SharedSet): string => {
    const [kind, type, about] = TABLES[name];
    const typed = type.replaceAll("ADDR", address);
    return `add ${kind} ${ip} kube-proxy ${name} { type ${typed} ; comment "${about}" ; }`;
  };
  return [
    `add table ${ip} kube-proxy { comment "rules for kube-proxy" ; }`,
    ...SHARED_SETS.filter(wanted).map(declare),
  ];
}

/** The chain that refuses: a map can send a packet to it, but cannot reject. */
export function rejectChain({ family }: RulesContext): string[] {
  const { ip } = wordsOf(family);
  const about = "helper for @no-endpoint-services / @no-endpoint-nodeports";
  return [
    `add chain ${ip} kube-proxy ${REJECT_CHAIN} { comment "${about}" ; }`,
    `add rule ${ip} kube-proxy ${REJECT_CHAIN} reject`,
  ];
}

/** The chains and rules that all Services share. */
export function sharedRules(context: RulesContext): string[] {
  const { ip } = wordsOf(context.family);
  const chain = (text: string): string => `add chain ${ip} kube-proxy ${text}`;
  const rule = (text: string): string => `add rule ${ip} kube-proxy ${text}`;
  return [
    ...BASE_CHAINS.map(([name, type, hook, priority]) =>
      chain(`${name} { type ${type} hook ${hook} priority ${priority} ; }`),
    ),
    ...CHAINS.map(chain),
    ...JUMPS.map(([from, match, to]) =>
      rule([from, match, "jump", to].filter((word) => word !== "").join(" ")),
    ),
    ...masqueradingRules(ip).map(rule),
    ...refusalRules(ip, context).map(rule),
    ...dispatchRules(ip, context).map(rule),
    ...context.nodeIps
      .slice(0, 1)
      .map((address) => `add element ${ip} kube-proxy nodeport-ips { ${address} }`),
  ];
}

function masqueradingRules(ip: string): string[] {
  const hairpin = `${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections`;
  return [
    "masquerading mark and 0x4000 != 0 mark set mark xor 0x4000 masquerade fully-random",
    `masquerading ct status dnat ${hairpin} masquerade fully-random`,
  ];
}

function refusalRules(ip: string, { serviceCidrs }: RulesContext): string[] {
  const destination = `${ip} daddr . meta l4proto . th dport`;
  const nodePort = `${ip} daddr @nodeport-ips meta l4proto . th dport`;
  const ports = `${ip} daddr @cluster-ips reject`;
  const unused = `${ip} daddr { ${serviceCidrs.join(", ")} } drop`;
  return [
    `cluster-ips-check ${ports} comment "Reject traffic to invalid ports of ClusterIPs"`,
    ...(serviceCidrs.length === 0
      ? []
      : [`cluster-ips-check ${unused} comment "Drop traffic to unallocated ClusterIPs"`]),
    `service-endpoints-check ${destination} vmap @no-endpoint-services`,
    `nodeport-endpoints-check ${nodePort} vmap @no-endpoint-nodeports`,
    `firewall-check ${destination} vmap @firewall-ips`,
  ];
}

function dispatchRules(ip: string, { clusterCidr }: RulesContext): string[] {
  const outside = `${ip} daddr @cluster-ips ${ip} saddr != ${clusterCidr} ${MARK_RULE}`;
  return [
    ...(clusterCidr === undefined
      ? []
      : [`services ${outside} comment "masquerade clusterIP traffic from outside cluster"`]),
    `services ${ip} daddr . meta l4proto . th dport vmap @service-ips`,
    `services ${ip} daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports`,
  ];
}
