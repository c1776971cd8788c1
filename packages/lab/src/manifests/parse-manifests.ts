import {
  apiVersionOf,
  decodeObject,
  type Draft,
  type Kind,
  kindOf,
  Kinds,
  type KubeObject,
  StatusError,
} from "@kubehop/api";
import { type Document, isMap, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Manifest, ManifestProblem } from "./manifest.ts";

/** What a file holds, and everything that is wrong with it. */
export interface ParsedFile {
  readonly manifests: readonly Manifest[];
  readonly problems: readonly ManifestProblem[];
}

/** A part of a document with its position. */
interface Part {
  readonly node: Node;
  readonly value: unknown;
}

type Report = (offset: number, message: string) => void;

/**
 * Reads the objects of a YAML or JSON file: several documents and lists of objects are allowed.
 * Every field must be known and have its type. Never throws: problems are listed with positions.
 */
export function parseManifests(file: string, text: string): ParsedFile {
  const manifests: Manifest[] = [];
  const problems: ManifestProblem[] = [];
  const lines = new LineCounter();
  const report: Report = (offset, message) => {
    const { line, col } = lines.linePos(offset);
    problems.push({ file, line, column: col, message });
  };
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    const errors = "errors" in document ? document.errors : [];
    // What follows the first error of a document is mostly its echo.
    const [error] = errors;
    if (error !== undefined) {
      report(error.pos[0], withoutPosition(error.message));
      continue;
    }
    for (const part of partsOf(document, report)) {
      const decoded = decodePart(part, report);
      const line = lines.linePos(startOf(part.node)).line;
      if (decoded !== undefined) manifests.push({ ...decoded, source: { file, line } });
    }
  }
  return { manifests, problems };
}

/** A document's objects: itself, or the items of a List. An empty document has none. */
function partsOf(document: Document.Parsed, report: Report): Part[] {
  const node = document.contents as Node | null;
  if (node === null || document.toJS() === null) return [];
  if (!isMap(node)) {
    report(startOf(node), "this is no object; write apiVersion, kind and metadata");
    return [];
  }
  const items = node.get("items", true) as unknown;
  if (node.get("kind") !== "List" || !isSeq(items)) {
    return [{ node, value: document.toJS() }];
  }
  return (items.items as Node[]).map((item) => ({ node: item, value: item.toJS(document) }));
}

function decodePart(part: Part, report: Report): Pick<Manifest, "kind" | "object"> | undefined {
  const { node, value } = part;
  const kind = kindOfPart(part, report);
  if (kind === undefined) return undefined;
  try {
    const { object, unknown } = decodeObject(kind, value);
    for (const field of unknown) {
      const place = findField(
        node,
        field.split(/[.[\]]+/).filter((name) => name !== ""),
      );
      report(place, `${kind.kind} has no field "${field}"`);
    }
    const named = withNamespace(kind, object);
    if ((named.metadata.name ?? "") === "")
      report(startOf(node), `this ${kind.kind} has no metadata.name`);
    return { kind, object: named };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const path = /struct field \S+?\.(\S+) of type/.exec(error.message)?.[1]?.split(".") ?? [];
    report(findField(node, path), error.message);
    return undefined;
  }
}

function kindOfPart({ node, value }: Part, report: Report): Kind | undefined {
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    report(startOf(node), "apiVersion and kind must say what this object is");
    return undefined;
  }
  const found = kindOf(apiVersion, kind);
  if (found === undefined) {
    report(
      findField(node, ["kind"]),
      `there is no kind "${kind}" in ${apiVersion}${suggestion(kind)}`,
    );
  }
  return found;
}

function suggestion(name: string): string {
  const kinds = Object.values(Kinds) as Kind[];
  const same = kinds.find(({ kind }) => kind.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return `; did you mean ${same.kind} in ${apiVersionOf(same)}?`;
  return `; kubehop has ${kinds.map(({ kind }) => kind).join(", ")}`;
}

function withNamespace(kind: Kind, object: KubeObject): Draft<KubeObject> {
  if (!kind.namespaced) return object;
  const { namespace = "default" } = object.metadata;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/**
 * The offset of a field. A path of the decoder may leave list indexes out, then the first item
 * that has the rest of the path counts; a field that is not there has the place of its parent.
 */
function findField(node: Node, path: readonly string[]): number {
  return offsetOf(node, path) ?? startOf(node);
}

function offsetOf(node: unknown, path: readonly string[]): number | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return startOf(node as Node);
  if (isSeq(node)) {
    const items = /^\d+$/.test(first) ? [node.items[Number(first)]] : node.items;
    const deeper = /^\d+$/.test(first) ? rest : path;
    return items.map((item) => offsetOf(item, deeper)).find((offset) => offset !== undefined);
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => String(key) === first);
  if (pair === undefined) return undefined;
  const own = startOf(pair.key as Node);
  return rest.length === 0 ? own : (offsetOf(pair.value, rest) ?? own);
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** yaml puts "at line 1, column 2" and an excerpt behind its messages; we say the place in front. */
function withoutPosition(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/ at line \d+, column \d+:?$/, "");
}
