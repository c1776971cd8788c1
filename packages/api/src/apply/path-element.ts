/**
 * One step of a path, as fieldsV1 writes it: `f:name` (a field or a map's key), `k:{"port":80}` (the
 * item of a list with these keys), `v:"x"` (that item of a set), `i:3` (an index). Key fields are
 * sorted by name, so equal steps are equal texts.
 */
export type PathElement = string;

/** The step to a field or to a map's key. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** The step to an item of a set. */
export function valueElement(value: unknown): PathElement {
  return `v:${JSON.stringify(value)}`;
}

/** The step to an item that its keys identify; `keys` must be sorted by name. */
export function keyElement(
  keys: readonly (readonly [name: string, value: unknown])[],
): PathElement {
  const fields = keys.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `k:{${fields.join(",")}}`;
}

/** The name in a step to a field; undefined for the other forms. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith("f:") ? element.slice(2) : undefined;
}

/** Reads a step as clients write it; undefined when it is none. */
export function parseElement(text: string): PathElement | undefined {
  const content = text.slice(2);
  switch (text.slice(0, 2)) {
    case "f:":
      return text;
    case "i:":
      return /^\d{1,9}$/.test(content) ? text : undefined;
    case "v:": {
      const value = parseJson(content);
      return value === undefined ? undefined : valueElement(value);
    }
    case "k:": {
      const keys = parseJson(content);
      if (typeof keys !== "object" || keys === null || Array.isArray(keys)) return undefined;
      return keyElement(Object.entries(keys).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    default:
      return undefined;
  }
}

/** A path for people, as in texts of conflicts: `.spec.ports[port=80,protocol="TCP"].nodePort`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("");
}

function formatElement(element: PathElement): string {
  const content = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return `.${content}`;
    case "v:":
      return `[=${content}]`;
    case "k:": {
      const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
    }
    default:
      return `[${content}]`;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
