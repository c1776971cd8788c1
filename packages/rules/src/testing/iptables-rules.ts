import { BlockList, isIP } from "node:net";

/** What a match asks about: the packet and where it is. */
export interface MatchContext {
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly mark: number;
  readonly localIps: ReadonlySet<string>;
  /** Whether a rule of that probability takes the packet. */
  readonly flip: (probability: number) => boolean;
  /** Lists of `-m recent`: name → addresses. */
  readonly recent: Map<string, Set<string>>;
}

type Match = (context: MatchContext) => boolean;

/** One rule: all matches must hold for the target to be taken. */
export interface Rule {
  readonly matches: readonly Match[];
  readonly target?: string;
  /** Options of the target, e.g. `--to-destination` → `10.244.1.5:8080`. */
  readonly options: ReadonlyMap<string, string>;
}

/** `nat KUBE-SERVICES` → its rules, in their order. */
export type Ruleset = ReadonlyMap<string, readonly Rule[]>;

const FIRST_PACKET = "NEW";
const TARGET_OPTIONS = new Set(["--to-destination", "--or-mark", "--xor-mark"]);
const FLAGS = new Set(["--random-fully", "--reap"]);

const address =
  (of: "source" | "destination") =>
  (cidr: string): Match =>
  (context) =>
    contains(cidr, context[of]);

/** Every option with a value that the rules may use; others are errors. */
const MATCHES: Readonly<Record<string, (value: string) => Match>> = {
  "-s": address("source"),
  "-d": address("destination"),
  "-p": (value) => (context) => context.protocol === value,
  "--dport": (value) => (context) => context.port === Number(value),
  "--src-type": () => (context) => context.localIps.has(context.source),
  "--dst-type": () => (context) => context.localIps.has(context.destination),
  "--ctstate": (value) => () => value.split(",").includes(FIRST_PACKET),
  "--probability": (value) => (context) => context.flip(Number(value)),
  "--mark": (value) => (context) => {
    const [wanted = 0, mask = 0] = value.split("/").map(Number);
    return (context.mark & mask) === wanted;
  },
  "-m": () => () => true,
  "--comment": () => () => true,
  "--mode": () => () => true,
  "--seconds": () => () => true,
};

/** Reads the text of `iptables-save`. Throws at a word it does not know. */
export function parseIptables(text: string): Ruleset {
  const chains = new Map<string, Rule[]>();
  let table = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    const chain = /^(?::|-A )(\S+)/.exec(line)?.[1];
    if (chain === undefined) continue;
    const key = `${table} ${chain}`;
    const rules = chains.get(key) ?? [];
    chains.set(key, rules);
    if (line.startsWith("-A")) rules.push(parseRule(line));
  }
  return chains;
}

function parseRule(line: string): Rule {
  const words = (line.match(/"[^"]*"|\S+/g) ?? []).slice(2);
  const matches: Match[] = [];
  const options = new Map<string, string>();
  let target: string | undefined;
  let list = "";
  let negated = false;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (FLAGS.has(word)) continue;
    if (word === "!") {
      negated = true;
      continue;
    }
    if (word === "--rcheck") matches.push(recentHas(list));
    else if (word === "--set") matches.push(recentAdd(list));
    else {
      const value = words.shift() ?? "";
      if (word === "-j") target = value;
      else if (word === "--name") list = value;
      else if (TARGET_OPTIONS.has(word)) options.set(word, value);
      else matches.push(matchOf(line, { word, value, negated }));
    }
    negated = false;
  }
  return { matches, options, ...(target !== undefined && { target }) };
}

function matchOf(
  line: string,
  { word, value, negated }: { word: string; value: string; negated: boolean },
): Match {
  const match = MATCHES[word]?.(value);
  if (match === undefined) throw new Error(`"${word}" in: ${line}`);
  return negated ? (context) => !match(context) : match;
}

function recentHas(list: string): Match {
  return ({ recent, source }) => recent.get(list)?.has(source) === true;
}

function recentAdd(list: string): Match {
  return ({ recent, source }) => {
    recent.set(list, (recent.get(list) ?? new Set<string>()).add(source));
    return true;
  };
}

function contains(cidr: string, ip: string): boolean {
  const [net = "", prefix] = cidr.split("/");
  if (prefix === undefined) return net === ip;
  if (isIP(net) !== isIP(ip)) return false;
  const family = isIP(net) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(net, Number(prefix), family);
  return list.check(ip, family);
}
