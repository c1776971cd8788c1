import type { MatchContext, Rule, Ruleset } from "./iptables-rules.ts";

/** The first packet of a flow. */
export interface Packet {
  readonly protocol: "tcp" | "udp";
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** The host whose rules a packet meets. */
export interface Host {
  readonly rules: Ruleset;
  readonly localIps: ReadonlySet<string>;
  readonly flip: MatchContext["flip"];
  /** What `-m recent` remembers; empty when left out. */
  readonly recent?: Map<string, Set<string>>;
}

/** What became of a packet. */
export interface Trace {
  /** `ip:port` of the endpoint, `reject`, `drop`, or `pass` when no Service had to do with it. */
  readonly outcome: string;
  readonly masquerade: boolean;
}

interface Journey extends Omit<MatchContext, "mark" | "destination" | "port"> {
  destination: string;
  port: number;
  mark: number;
  endpoint?: string;
}

/**
 * Walks the rules of tables nat and filter for a packet, in the kernel's order: PREROUTING (or
 * OUTPUT for what the host itself sends), then INPUT or FORWARD, then POSTROUTING.
 */
export function tracePacket(host: Host, packet: Packet): Trace {
  const { rules, localIps, flip, recent = new Map<string, Set<string>>() } = host;
  const journey: Journey = { ...packet, mark: 0, localIps, flip, recent };
  const own = localIps.has(packet.source);
  walk(rules, `nat ${own ? "OUTPUT" : "PREROUTING"}`, journey);
  const local = localIps.has(journey.destination);
  const hooks = own ? ["OUTPUT", ...(local ? ["INPUT"] : [])] : [local ? "INPUT" : "FORWARD"];
  for (const hook of hooks) {
    const verdict = walk(rules, `filter ${hook}`, journey);
    if (verdict === "REJECT") return { outcome: "reject", masquerade: false };
    if (verdict === "DROP") return { outcome: "drop", masquerade: false };
  }
  const masquerade = walk(rules, "nat POSTROUTING", journey) === "MASQUERADE";
  return { outcome: journey.endpoint ?? "pass", masquerade };
}

/** The target that ended the walk; undefined when the chain was left at its end. */
function walk(rules: Ruleset, chain: string, journey: Journey): string | undefined {
  const [table = ""] = chain.split(" ");
  const own = rules.get(chain);
  if (own === undefined) throw new Error(`there is no chain ${chain}`);
  for (const rule of own) {
    if (rule.target === undefined || !rule.matches.every((match) => match(journey))) continue;
    if (rule.target === "RETURN") return undefined;
    if (rule.target === "MARK") setMark(rule, journey);
    else {
      const verdict = rule.target.startsWith("KUBE-")
        ? walk(rules, `${table} ${rule.target}`, journey)
        : finish(rule, journey);
      if (verdict !== undefined) return verdict;
    }
  }
  return undefined;
}

function setMark({ options }: Rule, journey: Journey): void {
  journey.mark |= Number(options.get("--or-mark") ?? 0);
  journey.mark ^= Number(options.get("--xor-mark") ?? 0);
}

function finish({ target, options }: Rule, journey: Journey): string | undefined {
  const endpoint = options.get("--to-destination");
  if (endpoint !== undefined) {
    const colon = endpoint.lastIndexOf(":");
    journey.endpoint = endpoint;
    journey.destination = endpoint.slice(0, colon).replaceAll(/[[\]]/g, "");
    journey.port = Number(endpoint.slice(colon + 1));
  }
  return target;
}

/** Decides like the kernel: a rule of probability p takes a packet when the draw is below p. */
export function flipper(random: () => number): MatchContext["flip"] {
  return (probability) => random() < probability;
}

/** How likely each outcome of a walk is, found by walking every combination of draws. */
export function distributionOf(
  run: (flip: MatchContext["flip"]) => string,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  const scripts: (readonly boolean[])[] = [[]];
  for (let script = scripts.pop(); script !== undefined; script = scripts.pop()) {
    const taken: boolean[] = [];
    let share = 1;
    const outcome = run((probability) => {
      const known = script[taken.length];
      if (known === undefined) scripts.push([...taken, false]);
      const heads = known ?? true;
      share *= heads ? probability : 1 - probability;
      taken.push(heads);
      return heads;
    });
    shares.set(outcome, (shares.get(outcome) ?? 0) + share);
  }
  return shares;
}
