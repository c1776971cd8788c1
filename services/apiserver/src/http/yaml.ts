import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** What a YAML text says. */
export interface YamlText {
  readonly value: unknown;
  /** Keys that come twice in a map, as sigs.k8s.io/yaml tells them; the last one counts. */
  readonly duplicates: readonly string[];
}

/** Reads a YAML document; throws an Error that says what is wrong with it. */
export function parseYaml(text: string): YamlText {
  const lineCounter = new LineCounter();
  // The parser's own search for keys that come twice takes the square of their number.
  const document = parseDocument(text, { uniqueKeys: false, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const value = document.toJS({ maxAliasCount: 100 }) as unknown;
  const duplicates: string[] = [];
  findDuplicates(document.contents, (key, offset) => {
    const { line } = lineCounter.linePos(offset);
    duplicates.push(`line ${line}: key ${JSON.stringify(key)} already set in map`);
  });
  return { value, duplicates };
}

type Tell = (key: unknown, offset: number) => void;

function findDuplicates(node: unknown, tell: Tell): void {
  if (isSeq(node)) for (const item of node.items) findDuplicates(item, tell);
  if (!isMap(node)) return;
  const keys = new Set<unknown>();
  for (const { key, value } of node.items) {
    if (isScalar(key)) {
      if (keys.has(key.value)) tell(key.value, (key as Node).range?.[0] ?? 0);
      keys.add(key.value);
    }
    findDuplicates(value, tell);
  }
}
