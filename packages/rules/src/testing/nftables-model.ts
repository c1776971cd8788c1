/** What `nft -f` has put into the table kube-proxy. */
export interface ModelNft {
  chains: Map<string, string[]>;
  sets: Map<string, string>;
  /** `set key` → text. */
  elements: Map<string, string>;
}

/** An empty table. */
export function emptyNft(): ModelNft {
  return { chains: new Map(), sets: new Map(), elements: new Map() };
}

/** Does with lines what `nft -f` does. Throws where nft would refuse. */
export function runNft(model: ModelNft, lines: readonly string[]): void {
  for (const line of lines) runNftLine(model, line);
}

function runNftLine(model: ModelNft, line: string): void {
  const [, verb = "", kind = "", rest = ""] =
    /^(\w+) (\w+) ip6? kube-proxy ?(.*)$/.exec(line) ?? [];
  const [name = "", ...words] = rest.split(" ");
  COMMANDS[`${verb} ${kind}`]?.(model, name, words.join(" "));
}

type NftCommand = (model: ModelNft, name: string, text: string) => void;

const COMMANDS: Readonly<Record<string, NftCommand>> = {
  "delete table": (model) => void Object.assign(model, emptyNft()),
  "add chain": ({ chains }, name) => void chains.set(name, chains.get(name) ?? []),
  "flush chain": ({ chains }, name) => void chains.set(name, []),
  "delete chain": deleteNftChain,
  "add rule": (model, name, text) => {
    model.chains.get(name)?.push(checkedRule(model, name, text));
  },
  "add set": addNftSet,
  "add map": addNftSet,
  "delete set": deleteNftSet,
  "add element": addElement,
  "delete element": ({ elements }, name, text) => {
    const { id } = parseElement(name, text);
    if (!elements.delete(id)) throw new Error(`no element ${id}`);
  },
};

function deleteNftChain(model: ModelNft, name: string): void {
  const users = [...model.chains.values(), [...model.elements.values()]].flat();
  if (users.some((text) => `${text} `.includes(`goto ${name} `)))
    throw new Error(`${name} is used`);
  if (!model.chains.delete(name)) throw new Error(`no chain ${name}`);
}

function checkedRule(model: ModelNft, chain: string, text: string): string {
  if (!model.chains.has(chain)) throw new Error(`no chain ${chain}`);
  for (const [, target = ""] of text.matchAll(/(?:goto|jump) (\S+)/g)) {
    if (!model.chains.has(target)) throw new Error(`no chain ${target} for ${text}`);
  }
  for (const [, set = ""] of text.matchAll(/@(\S+)/g)) {
    if (!model.sets.has(set)) throw new Error(`no set ${set} for ${text}`);
  }
  return text;
}

function addNftSet(model: ModelNft, name: string, text: string): void {
  const known = model.sets.get(name);
  if (known !== undefined && known !== text) throw new Error(`${name} is declared otherwise`);
  model.sets.set(name, text);
}

function deleteNftSet(model: ModelNft, name: string): void {
  const rules = [...model.chains.values()].flat();
  if (rules.some((text) => `${text} `.includes(`@${name} `))) throw new Error(`${name} is used`);
  if (!model.sets.delete(name)) throw new Error(`no set ${name}`);
}

function addElement({ chains, elements }: ModelNft, name: string, text: string): void {
  const { id, inner } = parseElement(name, text);
  const [, target = ""] = /goto (\S+)/.exec(inner) ?? [];
  if (target !== "" && !chains.has(target)) throw new Error(`no chain ${target}`);
  const known = elements.get(id);
  if (known !== undefined && known !== inner) throw new Error(`element ${id} is there already`);
  elements.set(id, inner);
}

function parseElement(name: string, text: string): { id: string; inner: string } {
  const inner = text.replaceAll(/^\{ | \}$/g, "");
  const [key = ""] = inner.split(/ comment | : /);
  return { id: `${name} ${key}`, inner };
}
