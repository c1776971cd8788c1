/** An object or list that is being read. */
interface Frame {
  /** The keys met so far; undefined for a list. */
  readonly keys: Set<string> | undefined;
  /** The key or index of the value that comes. */
  at: string | number;
  /** Whether the next string is a key. */
  keyNext: boolean;
}

/** Most duplicates that are told. */
const LIMIT = 100;

/** A key that comes again in its object. */
export interface DuplicateKey {
  readonly key: string;
  /** Such as `spec.ports[0].port`. */
  readonly path: string;
  /** The line it stands in, from 1. */
  readonly line: number;
}

/** The paths of keys that come more than once in an object, each once. `json` must be valid. */
export function duplicateFields(json: string): readonly string[] {
  return [...new Set(duplicateKeys(json).map(({ path }) => path))];
}

/** Each key that its object has already; `json` must be valid JSON. */
export function duplicateKeys(json: string): readonly DuplicateKey[] {
  const duplicates: DuplicateKey[] = [];
  const frames: Frame[] = [];
  for (let index = 0; index < json.length && duplicates.length < LIMIT; index += 1) {
    const frame = frames.at(-1);
    switch (json[index]) {
      case '"': {
        const end = endOfString(json, index);
        if (frame?.keyNext === true && isAgain(json.slice(index, end + 1), frames)) {
          duplicates.push({
            key: String(frame.at),
            path: pathOf(frames),
            line: lineOf(json, index),
          });
        }
        index = end;
        break;
      }
      case "{":
        frames.push({ keys: new Set(), at: "", keyNext: true });
        break;
      case "[":
        frames.push({ keys: undefined, at: 0, keyNext: false });
        break;
      case "}":
      case "]":
        frames.pop();
        break;
      case ",":
        goOn(frame);
    }
  }
  return duplicates;
}

/** Reads a key; tells whether its object has it already. */
function isAgain(text: string, frames: readonly Frame[]): boolean {
  const frame = frames.at(-1) as Frame;
  const key = text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
  frame.keyNext = false;
  frame.at = key;
  if (frame.keys?.has(key) === true) return true;
  frame.keys?.add(key);
  return false;
}

function lineOf(json: string, index: number): number {
  return json.slice(0, index).split("\n").length;
}

function goOn(frame: Frame | undefined): void {
  if (typeof frame?.at === "number") frame.at += 1;
  else if (frame !== undefined) frame.keyNext = true;
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (index < json.length && json[index] !== '"') index += json[index] === "\\" ? 2 : 1;
  return index;
}

function pathOf(frames: readonly Frame[]): string {
  const path = frames.map(({ at }) => (typeof at === "number" ? `[${at}]` : `.${at}`));
  return path.join("").replace(/^\./, "");
}
