/** An object or list that is being read. */
interface Frame {
  /** The keys met so far; undefined for a list. */
  readonly keys: Set<string> | undefined;
  /** The key or index of the value that comes. */
  at: string | number;
  /** Whether the next string is a key. */
  keyNext: boolean;
}

/**
 * The paths (`spec.ports[0].port`) of keys that come more than once in an object, each path once.
 * `json` must be valid JSON.
 */
export function duplicateFields(json: string): readonly string[] {
  const duplicates = new Set<string>();
  const frames: Frame[] = [];
  for (let index = 0; index < json.length; index += 1) {
    const frame = frames.at(-1);
    switch (json[index]) {
      case '"': {
        const end = endOfString(json, index);
        if (frame?.keyNext === true) readKey(json.slice(index, end + 1), frames, duplicates);
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
        if (frame !== undefined) goOn(frame);
    }
  }
  return [...duplicates];
}

function readKey(text: string, frames: readonly Frame[], duplicates: Set<string>): void {
  const frame = frames.at(-1) as Frame;
  const key = JSON.parse(text) as string;
  frame.keyNext = false;
  frame.at = key;
  if (frame.keys?.has(key) === true) duplicates.add(pathOf(frames));
  frame.keys?.add(key);
}

function goOn(frame: Frame): void {
  if (typeof frame.at === "number") frame.at += 1;
  else frame.keyNext = true;
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
