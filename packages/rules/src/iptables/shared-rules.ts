import type { IpFamily } from "@kubehop/routing";
import { comment, MASQUERADE_MARK, rule } from "./rule.ts";

/** What all Services share in one table. */
export interface SharedTable {
  /** Our chains; those of single service ports are not among them. */
  readonly chains: readonly string[];
  /** Rules of built-in chains: the ways into ours, in the order in which they are walked. */
  readonly jumps: readonly string[];
  /** Rules that come before those of Services. */
  readonly first: readonly string[];
  /** Rules that come after them. */
  readonly last: readonly string[];
}

/** A table that kube-proxy has rules in. */
export type IptablesTable = "filter" | "nat";

/** Both tables, in the order in which they are written. */
export const IPTABLES_TABLES: readonly IptablesTable[] = ["filter", "nat"];

const MARKED = `-m mark --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK}`;
const NEW = "-m conntrack --ctstate NEW";
const RETURN = "-j RETURN";

const NAT_CHAINS = ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"];
const FILTER_CHAINS = [
  "KUBE-SERVICES",
  "KUBE-EXTERNAL-SERVICES",
  "KUBE-FORWARD",
  "KUBE-NODEPORTS",
  "KUBE-PROXY-FIREWALL",
];

/** [built-in chain, chain, what the jump is for, match], upstream's iptablesJumpChains. */
type Jump = readonly [from: string, to: string, why: string, match: string];

const NAT_JUMPS: readonly Jump[] = [
  ["OUTPUT", "KUBE-SERVICES", "kubernetes service portals", ""],
  ["PREROUTING", "KUBE-SERVICES", "kubernetes service portals", ""],
  ["POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules", ""],
];

/** In the order in which they are walked: upstream makes each new one the first of its chain. */
const FILTER_JUMPS: readonly Jump[] = [
  ["INPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", NEW],
  ["OUTPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", NEW],
  ["FORWARD", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", NEW],
  ["INPUT", "KUBE-NODEPORTS", "kubernetes health check service ports", ""],
  ["INPUT", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", NEW],
  ["FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules", ""],
  ["FORWARD", "KUBE-SERVICES", "kubernetes service portals", NEW],
  ["OUTPUT", "KUBE-SERVICES", "kubernetes service portals", NEW],
  ["FORWARD", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", NEW],
];

/** What all Services share in a table. */
export function sharedTable(table: IptablesTable, family: IpFamily): SharedTable {
  return table === "nat" ? sharedNat(family) : sharedFilter(family);
}

function sharedNat(family: IpFamily): SharedTable {
  return {
    chains: NAT_CHAINS,
    jumps: NAT_JUMPS.map(jumpRule),
    first: [
      rule("KUBE-POSTROUTING", `-m mark ! --mark ${MASQUERADE_MARK}/${MASQUERADE_MARK}`, RETURN),
      rule("KUBE-POSTROUTING", `-j MARK --xor-mark ${MASQUERADE_MARK}`),
      rule(
        "KUBE-POSTROUTING",
        comment("kubernetes service traffic requiring SNAT"),
        "-j MASQUERADE --random-fully",
      ),
      rule("KUBE-MARK-MASQ", `-j MARK --or-mark ${MASQUERADE_MARK}`),
    ],
    last: [nodePortsRule(family)],
  };
}

function nodePortsRule(family: IpFamily): string {
  const note = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
  const noLoopback = family === "IPv6" ? "! -d ::1/128" : "";
  const local = "-m addrtype --dst-type LOCAL";
  return rule("KUBE-SERVICES", comment(note), local, noLoopback, "-j KUBE-NODEPORTS");
}

function sharedFilter(family: IpFamily): SharedTable {
  const jumps = FILTER_JUMPS.map(jumpRule);
  const last = forwardRules();
  if (family === "IPv6") return { chains: FILTER_CHAINS, jumps, first: [], last };
  return {
    chains: [...FILTER_CHAINS, "KUBE-FIREWALL"],
    jumps: [...localnetJumps(), ...jumps],
    first: [localnetRule()],
    last,
  };
}

function forwardRules(): string[] {
  const states = "-m conntrack --ctstate";
  return [
    rule("KUBE-FORWARD", `${states} INVALID`, "-j DROP"),
    rule("KUBE-FORWARD", comment("kubernetes forwarding rules"), MARKED, "-j ACCEPT"),
    rule(
      "KUBE-FORWARD",
      comment("kubernetes forwarding conntrack rule"),
      `${states} RELATED,ESTABLISHED`,
      "-j ACCEPT",
    ),
  ];
}

function jumpRule([from, to, why, match]: Jump): string {
  return rule(from, match, comment(why), `-j ${to}`);
}

function localnetJumps(): string[] {
  return ["INPUT", "OUTPUT"].map((chain) => rule(chain, "-j KUBE-FIREWALL"));
}

/** NodePorts on 127.0.0.1 need route_localnet, which would let neighbours reach loopback. */
function localnetRule(): string {
  return rule(
    "KUBE-FIREWALL",
    comment("block incoming localnet connections"),
    "-d 127.0.0.0/8 ! -s 127.0.0.0/8",
    "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT",
    "-j DROP",
  );
}
