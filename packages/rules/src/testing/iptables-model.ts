/** The chains and rules of one table after `iptables-restore --noflush` has read some texts. */
export type ModelTables = Map<string, Map<string, string[]>>;

/** Does with a text what iptables-restore does to the kernel's tables. Throws for a dangling jump. */
export function restoreIptables(tables: ModelTables, text: string): void {
  let chains: Chains = new Map();
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) {
      chains = tables.get(line.slice(1)) ?? new Map<string, string[]>();
      tables.set(line.slice(1), chains);
    } else if (line.startsWith(":")) chains.set(line.slice(1).split(" ")[0] ?? "", []);
    else {
      const [word = "", chain = ""] = line.split(" ");
      COMMANDS[word]?.(chains, chain, line);
    }
  }
}

type Chains = Map<string, string[]>;

const COMMANDS: Readonly<Record<string, (chains: Chains, chain: string, line: string) => void>> = {
  "-A": (chains, chain, line) => void ruleList(chains, chain).push(line),
  "-I": (chains, chain, line) => {
    ruleList(chains, chain).unshift(line.replace(/^-I (\S+) 1/, "-A $1"));
  },
  "-D": (chains, chain, line) => remove(ruleList(chains, chain), line.replace("-D", "-A")),
  "-F": (chains, chain) => void (ruleList(chains, chain).length = 0),
  "-X": deleteChain,
  COMMIT: checkJumps,
};

/** The tables as `iptables-save` would print them. */
export function saveIptables(tables: ModelTables): string {
  return [...tables]
    .flatMap(([name, chains]) => [
      `*${name}`,
      ...[...chains.keys()].map((chain) => `:${chain} - [0:0]`),
      ...[...chains.values()].flat(),
      "COMMIT",
      "",
    ])
    .join("\n");
}

function ruleList(chains: Map<string, string[]>, chain: string): string[] {
  const rules = chains.get(chain);
  if (rules !== undefined) return rules;
  if (chain.startsWith("KUBE-")) throw new Error(`no chain ${chain}`);
  chains.set(chain, []);
  return ruleList(chains, chain);
}

function remove(rules: string[], line: string): void {
  const index = rules.indexOf(line);
  if (index < 0) throw new Error(`no rule ${line}`);
  rules.splice(index, 1);
}

function deleteChain(chains: Map<string, string[]>, chain: string): void {
  if (ruleList(chains, chain).length > 0) throw new Error(`${chain} is not empty`);
  chains.delete(chain);
}

function checkJumps(chains: Map<string, string[]>): void {
  for (const line of [...chains.values()].flat()) {
    const [, target = ""] = /-j (KUBE-\S+)/.exec(line) ?? [];
    if (target !== "" && !chains.has(target)) throw new Error(`dangling jump: ${line}`);
  }
}
